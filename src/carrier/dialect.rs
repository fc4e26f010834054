//! How each carrier hands its path strings and values to Helm's `--set` parser.
//!
//! Between the user's text and the parser stands the carrier's own code, which escapes commas, replaces
//! variables, or forces strings. A [`Dialect`] is that code, and its inverse: what a user has to write
//! so that Helm sees a given name or value. What a dialect cannot say is an error and never a near miss;
//! what holds the carrier's own variables has no value that is known here.

use super::set::{self, Typing, UnwritableError, escape, scalar, type_text, write_value};
use crate::values::{Map, Value};

/// The way in which a carrier hands its path strings and values to Helm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// `helm --set` itself: nothing is changed on the way.
    Helm,
    /// `helm.parameters` of Argo CD. The name is handed on as it is. In the value `$NAME` and `${NAME}`
    /// are replaced and `$$` is a dollar (`pkg/apis/application/v1alpha1/types.go`, `Envsubst`, of
    /// argoproj/argo-cd); then commas that no backslash precedes get one, unless the whole value is in
    /// braces (`util/helm/cmd.go`, `cleanSetParameters`).
    Argo,
    /// `set` and `setString` of helmfile. In name and value braces and commas get a backslash, so a
    /// value is never a list; `values` is one, of items treated likewise (`pkg/state/state.go`,
    /// `escape` and `setFlags`, of helmfile/helmfile). An empty `value` counts as none.
    Helmfile,
    /// `set` of a k3s HelmChart. What is typed is handed on as it is; in a string a comma gets a
    /// backslash if an even number of them precedes it (`pkg/controllers/chart/chart.go`, `typedVal`
    /// and `escapeComma`, of k3s-io/helm-controller).
    K3s,
    /// `targetPath` of Flux: path, `=`, and the text as it is; a text in quotes stays a string and
    /// loses all quotes at its ends (`chartutil/values.go`, `ReplacePathValue`, of fluxcd/pkg).
    Flux,
    /// The same with `literal: true`: the text is a string as it is, backslashes, commas, brackets and
    /// braces included (`ReplacePathLiteralValue`).
    FluxLiteral,
}

impl Dialect {
    /// The name that Helm sees.
    #[must_use]
    pub fn name_to_helm(self, text: &str) -> String {
        match self {
            Self::Helmfile => escape(text, &['{', '}', ',']),
            _ => text.to_owned(),
        }
    }

    /// The text that makes Helm see this name.
    #[must_use]
    pub fn name_from_helm(self, text: &str) -> String {
        match self {
            Self::Helmfile => text.replace("\\,", ","),
            _ => text.to_owned(),
        }
    }

    /// The typing of a value when it is written: in k3s and Flux the value decides, elsewhere the flag or the list that
    /// it stands in.
    #[must_use]
    pub fn typing(self, value: &Value, typing: Typing) -> Typing {
        match (self, value) {
            (Self::K3s, Value::String(_)) | (Self::FluxLiteral, _) => Typing::String,
            (Self::K3s | Self::Flux, _) => Typing::Typed,
            _ => typing,
        }
    }

    /// The value that Helm sees, and its typing. `None`: the carrier's own variables are in it.
    #[must_use]
    pub fn value_to_helm(self, text: &str, typing: Typing) -> Option<(String, Typing)> {
        Some(match self {
            Self::Helm => (text.to_owned(), typing),
            Self::Argo => (argo_commas(&dollars(text)?), typing),
            Self::Helmfile => (escape(text, &['{', '}', ',']), typing),
            Self::K3s if typing == Typing::String => (k3s_commas(text), typing),
            Self::K3s => (text.to_owned(), typing),
            Self::Flux => {
                let quoted = |quote: char| text.starts_with(quote) && text.ends_with(quote);
                if quoted('\'') || quoted('"') {
                    (text.trim_matches(['\'', '"']).to_owned(), Typing::String)
                } else {
                    (text.to_owned(), Typing::Typed)
                }
            }
            Self::FluxLiteral => (
                escape(text, &['\\', ',', '[', ']', '{', '}']),
                Typing::String,
            ),
        })
    }

    /// The text that makes Helm see this value, typed this way.
    ///
    /// # Errors
    /// A value that this form cannot say.
    pub fn write(self, value: &Value, typing: Typing) -> Result<String, UnwritableError> {
        if value.as_str() == Some("") && self == Self::Helmfile {
            return Err(UnwritableError::Empty);
        }
        if matches!(value, Value::List(_)) && matches!(self, Self::Helmfile | Self::FluxLiteral) {
            return Err(UnwritableError::Collection("a list"));
        }
        match self {
            Self::Helm => write_value(value, typing),
            Self::Argo => Ok(self.plainest(
                write_value(value, typing)?.replace('$', "$$"),
                value,
                typing,
            )),
            // Only backslashes are left to the user.
            Self::Helmfile => Ok(escape(&scalar(value, typing)?, &['\\'])),
            Self::K3s => match value {
                Value::String(text) => {
                    let read = type_text(text, Typing::Typed);
                    // k3s reads these words as what they say, in quotes as well.
                    if matches!(read, Value::Bool(_) | Value::Null) {
                        return Err(UnwritableError::Retyped(text.clone(), read.type_name()));
                    }
                    let text = write_value(value, Typing::String)?;
                    Ok(self.plainest(text, value, Typing::String))
                }
                Value::List(_) => Err(UnwritableError::Collection("a list")),
                // Kubernetes keeps such a number in 32 bits.
                Value::Number(number)
                    if number.as_i64().is_none_or(|n| i32::try_from(n).is_err()) =>
                {
                    Err(UnwritableError::Number(number.as_str().to_owned()))
                }
                value => scalar(value, Typing::Typed),
            },
            Self::Flux => match write_value(value, Typing::Typed) {
                Ok(text) if !text.starts_with(['\'', '"']) => Ok(text),
                other => {
                    let Value::String(text) = value else {
                        return other;
                    };
                    // Quotes at its ends would go with those around it.
                    if text.starts_with(['\'', '"']) || text.ends_with(['\'', '"']) {
                        return Err(UnwritableError::Retyped(text.clone(), "another string"));
                    }
                    Ok(format!("'{}'", write_value(value, Typing::String)?))
                }
            },
            Self::FluxLiteral => scalar(value, Typing::String),
        }
    }

    /// The text without the backslashes before commas, if that means the same.
    fn plainest(self, text: String, value: &Value, typing: Typing) -> String {
        let plain = text.replace("\\,", ",");
        let same = self
            .value_to_helm(&plain, typing)
            .is_some_and(|(helm, typing)| read_value(&helm, typing).as_ref() == Some(value));
        if same { plain } else { text }
    }
}

/// The one value that a text behind `=` is; `None` if it is more than that.
pub(super) fn read_value(helm: &str, typing: Typing) -> Option<Value> {
    let mut values = Map::new();
    set::set(&format!("k={helm}"), typing, &mut values).ok()?;
    let one = values.len() == 1;
    values.swap_remove("k").filter(|_| one)
}

/// Argo CD's variables: `$$` is a dollar, a lone `$` stays, anything else is not known here.
fn dollars(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '$' {
            out.push(c);
            continue;
        }
        match chars.peek() {
            Some('$') => {
                chars.next();
                out.push('$');
            }
            Some(c)
                // What `os.Expand` of Go takes for the beginning of a name, those that a shell has for itself
                // included.
                if c.is_ascii_alphanumeric()
                    || matches!(c, '_' | '{' | '*' | '#' | '@' | '!' | '?' | '-') =>
            {
                return None;
            }
            _ => out.push('$'),
        }
    }
    Some(out)
}

fn argo_commas(text: &str) -> String {
    if text.starts_with('{') && text.ends_with('}') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        if c == ',' && before != Some('\\') {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
    out
}

fn k3s_commas(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut slashes = 0;
    for c in text.chars() {
        if c == ',' && slashes % 2 == 0 {
            out.push('\\');
        }
        slashes = if c == '\\' { slashes + 1 } else { 0 };
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carrier::set::path;
    use crate::carrier::set::tests::values;
    use crate::values::Path;
    use proptest::prelude::*;

    #[test]
    fn dialects_change_what_their_tools_change() {
        use Dialect::{Argo, Flux, FluxLiteral, Helmfile, K3s};
        use Typing::{String as Text, Typed};
        let read = |dialect: Dialect, text: &str, typing: Typing| {
            let Some((helm, typing)) = dialect.value_to_helm(text, typing) else {
                return "a variable".to_owned();
            };
            values(&format!("k={helm}"), typing)
        };
        for (dialect, text, typing, result) in [
            (Argo, "a,b", Typed, r#"{k: "a,b"}"#),
            (Argo, r"a\,b", Typed, r#"{k: "a,b"}"#),
            (Argo, "{a,b}", Typed, r#"{k: ["a", "b"]}"#),
            (Argo, "$ARGOCD_APP_NAME", Typed, "a variable"),
            (Argo, "a$$b$", Typed, r#"{k: "a$b$"}"#),
            (Helmfile, "{a,b}", Typed, r#"{k: "{a,b}"}"#),
            (Helmfile, "5", Typed, "{k: 5}"),
            (K3s, "a,b", Text, r#"{k: "a,b"}"#),
            (K3s, r"a\,b", Text, r#"{k: "a,b"}"#),
            (Flux, "'5'", Typed, r#"{k: "5"}"#),
            (Flux, "5", Typed, "{k: 5}"),
            (Flux, "a,b=1", Typed, r#"{k: "a", b: 1}"#),
            (FluxLiteral, r"{a,b}\[", Typed, r#"{k: "{a,b}\\["}"#),
        ] {
            assert_eq!(read(dialect, text, typing), result, "{dialect:?} {text}");
        }
        assert_eq!(
            path(&Helmfile.name_to_helm("a{b,c")).unwrap(),
            Path::keys(["a{b,c"])
        );
        assert_eq!(Helmfile.name_from_helm(r"a{b\,c"), "a{b,c");
        assert_eq!(
            K3s.write(&Value::from("true"), Text),
            Err(UnwritableError::Retyped("true".to_owned(), "a boolean"))
        );
        assert_eq!(Flux.write(&Value::from("5"), Typed).unwrap(), "'5'");
        assert_eq!(Argo.write(&Value::from("a,b"), Typed).unwrap(), "a,b");
        assert_eq!(Argo.write(&Value::from("{a}"), Typed).unwrap(), r"\{a}");
        assert_eq!(Argo.write(&Value::from("$x"), Typed).unwrap(), "$$x");
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z0-9.,={}\\[\\]\\\\'\"$ ]{0,8}",
            Just("true".to_owned()),
            Just("0".to_owned()),
            Just("12".to_owned()),
            Just("ü,§".to_owned()),
        ]
    }

    fn scalar_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            text().prop_map(Value::String),
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::Bool),
            Just(Value::Null),
        ]
    }

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            scalar_value(),
            prop::collection::vec(scalar_value(), 0..3).prop_map(Value::List)
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            value in any_value(),
            string in any::<bool>(),
        ) {
            use Dialect::{Argo, Flux, FluxLiteral, Helm, Helmfile, K3s};
            let typing = if string { Typing::String } else { Typing::Typed };
            for dialect in [Helm, Argo, Helmfile, K3s, Flux, FluxLiteral] {
                let Ok(text) = dialect.write(&value, typing) else { continue };
                let typing = dialect.typing(&value, typing);
                let (helm, typing) = dialect.value_to_helm(&text, typing).unwrap();
                prop_assert_eq!(read_value(&helm, typing), Some(value.clone()), "{:?} {}", dialect, text);
            }
        }
    }
}
