//! stub
/// How the path strings of a list are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Argo CD.
    Argo,
    /// helmfile.
    Helmfile,
    /// k3s.
    K3s,
    /// Flux.
    Flux,
    /// Flux literal.
    FluxLiteral,
}
/// x
pub(super) fn path(text: &str) -> Result<crate::values::Path, crate::values::path::PathError> {
    text.parse()
}
