//! Settings that did nothing so far and take effect with the upgrade.

use super::{arroyo, notices};

#[test]
fn a_key_that_only_the_target_reads_is_told_once() {
    let of = |text: &str| notices(&arroyo(text, "0.10.3", "0.15.0", &[]));
    let urls = "artifactUrl: s3://b/a\ncheckpointUrl: s3://b/c\n";
    for (text, path) in [
        ("env: [{name: A, value: b}]\n", "env"),
        ("clusterDomain: my.local\n", "clusterDomain"),
        (
            "worker: {nodeSelector: {gpu: \"1\"}}\n",
            "worker.nodeSelector",
        ),
    ] {
        let told = of(&format!("{urls}{text}"));
        let wanted = format!(
            "3: arroyo 0.10.3 does not read `{path}`, and 0.15.0 does: it takes effect with this upgrade."
        );
        assert!(told.contains(&wanted), "{wanted}\n{told:#?}");
    }
    // What says what the chart says, what a step speaks of, and what was read before.
    for text in [
        "env: []\n",
        "image: {repository: r.example/arroyo}\n",
        "nodeSelector: {gpu: \"1\"}\n",
    ] {
        let told = of(&format!("{urls}{text}"));
        assert!(
            !told.iter().any(|told| told.contains("takes effect")),
            "{text} {told:#?}"
        );
    }
}
