//! A running release: its values, its chart and its chart's version, asked of `helm`.
//!
//! Only `helm get` is used, which reads. The namespace and context that Helm knows from its environment
//! hold here as well, because Helm runs in the same environment.

use serde::Deserialize;

use super::helm::{Helm, HelmError};

/// A running release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// The user's values, as YAML.
    pub values: String,
    /// The chart's name.
    pub chart: String,
    /// The chart's version, as written.
    pub version: String,
    /// The namespace, if Helm tells it.
    pub namespace: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    chart: String,
    version: String,
    #[serde(default)]
    namespace: Option<String>,
}

/// Asks for a release.
///
/// # Errors
///
/// If Helm cannot be asked, knows no such release, or does not tell its chart.
pub fn read_live(helm: &Helm, name: &str, namespace: Option<&str>) -> Result<Live, HelmError> {
    let get = |what: &str, format: Option<&str>| {
        let mut args = vec!["get", what, name];
        if let Some(namespace) = namespace {
            args.extend(["--namespace", namespace]);
        }
        if let Some(format) = format {
            args.extend(["--output", format]);
        }
        helm.text(&args)
    };
    let values = get("values", Some("yaml"))?;
    // A release without values is printed as `null`, or as nothing.
    let values = match values.trim() {
        "" | "null" => "{}\n".to_owned(),
        _ => values,
    };
    let metadata = get("metadata", Some("json"));
    if let Ok(metadata) = &metadata {
        let metadata: Metadata =
            serde_json::from_str(metadata).map_err(|error| HelmError::Answer {
                command: "get metadata".to_owned(),
                message: error.to_string(),
            })?;
        return Ok(Live {
            values,
            chart: metadata.chart,
            version: metadata.version,
            namespace: metadata.namespace,
        });
    }
    // `get metadata` came with Helm 3.13. Before, the label that most charts put on their objects.
    let manifest = get("manifest", None)?;
    match labelled(&manifest) {
        Some((chart, version)) => Ok(Live {
            values,
            chart,
            version,
            namespace: namespace.map(str::to_owned),
        }),
        None => Err(metadata.err().unwrap_or(HelmError::Answer {
            command: "get manifest".to_owned(),
            message: "no object has the label helm.sh/chart".to_owned(),
        })),
    }
}

/// The chart that the first object of the chart itself names in its label: objects of bundled charts
/// come from folders below it.
fn labelled(manifest: &str) -> Option<(String, String)> {
    let mut own = false;
    let mut any = None;
    for line in manifest.lines() {
        if let Some(source) = line.strip_prefix("# Source: ") {
            own = source.split('/').nth(1) != Some("charts");
        }
        let Some(label) = line.trim().strip_prefix("helm.sh/chart:") else {
            continue;
        };
        let label = label.trim().trim_matches(['"', '\'']);
        // `_` stands for `+`, which no label may hold.
        let label = label.replace('_', "+");
        let split = label
            .char_indices()
            .find(|(at, c)| *c == '-' && semver::Version::parse(&label[at + 1..]).is_ok());
        if let Some((at, _)) = split {
            let found = (label[..at].to_owned(), label[at + 1..].to_owned());
            if own {
                return Some(found);
            }
            any = any.or(Some(found));
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_of_the_chart_itself_counts() {
        let manifest = "---\n# Source: app/charts/db/templates/a.yaml\nmetadata:\n  labels:\n    helm.sh/chart: db-12.6.8\n---\n# Source: my-app/templates/b.yaml\nmetadata:\n  labels:\n    helm.sh/chart: \"my-app-0.10.3_build\"\n";
        assert_eq!(
            labelled(manifest),
            Some(("my-app".to_owned(), "0.10.3+build".to_owned()))
        );
        assert_eq!(labelled("kind: Pod\n"), None);
    }
}
