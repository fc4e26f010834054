//! How a check of effects renders charts, as it was typed.

use anyhow::bail;
use refit::shell::quote;

use crate::cli::args::RenderOptions;

/// The options that name the two charts. Both together make a draft where there is no pack.
const CHARTS: &[&str] = &["--old-chart", "--new-chart"];
/// The options with which a draft renders charts, besides.
const VERSIONS: &[&str] = &["--kube-version", "--api-versions"];

/// The rendering of a check of effects.
#[derive(Debug, Clone, Default)]
pub struct Rendering {
    /// The options that were typed.
    pub options: RenderOptions,
    /// The namespace, if it was named.
    pub namespace: Option<String>,
}

impl Rendering {
    /// The arguments that only a check of effects has a use for, as they were typed: options and their values.
    fn given_arguments(&self) -> Vec<(&'static str, Option<&str>)> {
        let RenderOptions {
            old_chart,
            new_chart,
            release_name,
            kube_version,
            api_versions,
            install,
        } = &self.options;
        let named = [
            ("--old-chart", old_chart),
            ("--new-chart", new_chart),
            ("--release-name", release_name),
            ("--kube-version", kube_version),
        ];
        let named = named
            .into_iter()
            .filter_map(|(flag, value)| Some((flag, value.as_deref()?)));
        let versions = api_versions.iter();
        let versions = versions.map(|value| ("--api-versions", value.as_str()));
        let valued = named.chain(versions);
        let mut given: Vec<_> = valued.map(|(flag, value)| (flag, Some(value))).collect();
        given.extend(install.then_some(("--install", None)));
        given
    }

    /// The words that ask for the same check again.
    pub fn words(&self) -> Vec<String> {
        let namespace = self.namespace.as_deref();
        let namespace = namespace.map(|name| ("--namespace", Some(name)));
        let given = self.given_arguments().into_iter().chain(namespace);
        let given = given.map(|(flag, value)| match value {
            Some(value) => format!("{flag} {}", quote(value)),
            None => flag.to_owned(),
        });
        std::iter::once("--verify".to_owned())
            .chain(given)
            .collect()
    }

    /// Refuses options that only a check of effects has a use for. Charts have another one if they `carry` a pack.
    pub fn refuse(&self, carry: bool) -> anyhow::Result<()> {
        let charts = [&self.options.old_chart, &self.options.new_chart];
        let drafts = charts.iter().all(|chart| chart.is_some());
        let is_used = |flag: &&str| {
            (carry || drafts) && CHARTS.contains(flag) || drafts && VERSIONS.contains(flag)
        };
        let given = self.given_arguments().into_iter();
        let mut useless = given.filter(|(flag, _)| !is_used(flag));
        match useless.next() {
            Some((flag, _)) => {
                bail!("{flag} says how charts are rendered, which only --verify does")
            }
            None => Ok(()),
        }
    }
}
