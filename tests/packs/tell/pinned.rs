//! Image tags that stay on the application of an older chart. What each chart came with is in its own Chart.yaml, which
//! the versions of a pack repeat.

use super::{notices, run_of};

/// What is told of tags.
fn of(chart: &str, texts: &[&str], versions: (&str, &str)) -> Vec<String> {
    let outcome = run_of(chart, texts, versions, &[]);
    let mut told = notices(&outcome.releases[0]);
    told.retain(|notice| notice.contains("which came with chart"));
    told
}

#[test]
fn a_tag_of_the_old_application_is_told() {
    assert_eq!(
        of(
            "traefik",
            &["image:\n  name: mirror.tern.example/traefik\n  tag: \"2.10.4\"\n"],
            ("24.0.0", "34.1.0"),
        ),
        [
            "3: `image.tag` stays 2.10.4, which came with chart 24.0.0; chart 34.1.0 is made for v3.3.2. Remove the setting to run that, or raise it with the chart."
        ]
    );
    let global = "global: {image: {tag: v2.8.4}}\n";
    assert_eq!(of("argo-cd", &[global], ("5.46.0", "7.0.0")).len(), 1);
    let webhook = "image: {tag: v1.11.0}\nwebhook:\n  image: {tag: v1.11.0@sha256:0123}\n";
    let told = of("cert-manager", &[webhook], ("1.11.0", "1.15.0"));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[1].starts_with("3: `webhook.image.tag` stays v1.11.0, "),
        "{told:?}"
    );
}

#[test]
fn a_tag_that_is_raised_close_or_of_another_image_is_not() {
    let versions = ("1.11.0", "1.15.0");
    for values in [
        "image: {tag: v1.15.0}\n",
        "image: {tag: v1.15.1}\n",
        "image: {tag: nightly}\n",
        "image: {tag: 7.1.0}\n",
        "startupapicheck: {podLabels: {tag: v1.11.0}}\n",
        "image: {repository: v1.11.0}\n",
    ] {
        assert_eq!(of("cert-manager", &[values], versions), [""; 0], "{values}");
    }
    // A layer above it decides, and one alone does not matter.
    let layers = ["image: {tag: v1.11.0}\n", "image: {tag: v1.15.0}\n"];
    assert_eq!(of("cert-manager", &layers, versions), [""; 0]);
    let layers = ["image: {tag: v1.15.0}\n", "image: {tag: v1.11.0}\n"];
    assert_eq!(of("cert-manager", &layers, versions).len(), 1);
}

/// The provider of external-dns runs beside it, and has versions of its own.
#[test]
fn an_image_that_the_user_brings_is_none_of_the_charts() {
    let versions = ("1.14.0", "1.19.0");
    let of_user = "provider:\n  name: webhook\n  webhook:\n    image:\n      repository: ghcr.io/tern/dns-webhook\n      tag: v0.13.6\n";
    assert_eq!(of("external-dns", &[of_user], versions), [""; 0]);
    let own = "image: {repository: mirror.tern.example/k8s/external-dns, tag: v0.13.6}\n";
    assert_eq!(of("external-dns", &[own], versions).len(), 1);
    // Whoever names the image, in whichever layer.
    let layers = [
        "image: {tag: v0.13.6}\n",
        "image: {repository: ghcr.io/tern/dns-fork}\n",
    ];
    assert_eq!(of("external-dns", &layers, versions), [""; 0]);
}

/// Kong's ingress controller has versions of its own, some of which Kong had, too.
#[test]
fn the_version_of_another_program_of_the_chart_is_none_of_the_application() {
    let versions = ("2.33.3", "3.4.1");
    let controller = "ingressController: {image: {tag: \"3.0\"}}\n";
    assert_eq!(of("kong", &[controller], versions), [""; 0]);
    let gateway = "image: {tag: \"3.5\"}\n";
    assert_eq!(of("kong", &[gateway], versions).len(), 1);
}

/// Arroyo's own pack says more of it.
#[test]
fn what_a_step_tells_is_not_told_twice() {
    let values = "image: {tag: \"0.11\"}\nartifactUrl: s3://g/a\ncheckpointUrl: s3://g/c\n";
    assert_eq!(of("arroyo", &[values], ("0.11.0", "0.15.0")), [""; 0]);
}
