//! Which chart a carrier is for: the name, and the repository it comes from.
//!
//! The name alone does not decide: a fork or a mirror publishes another chart under the same name. So
//! addresses are brought into one form (`oci://` and `https://`, a slash or `.git` at the end, capitals
//! in the host's name make no difference) and compared with those that a pack knows.

use semver::Version;

use super::model::ObjectRef;
use super::read::Doc;
use crate::yaml::NodeId;

/// A chart as a carrier names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartRef {
    /// The place where it is named.
    pub node: NodeId,
    /// The source that is named.
    pub source: ChartSource,
}

/// The source of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChartSource {
    /// From a chart repository or a registry.
    Repository {
        /// The chart's name.
        name: String,
        /// The repository's address, or the registry's with its path; `None` if it is not said.
        url: Option<String>,
    },
    /// A folder in this repository or another.
    Folder {
        /// The folder.
        path: String,
        /// The other repository's address; `None`: beside the carrier.
        url: Option<String>,
        /// The chart's own name, which the folder's may differ from, if it is said: by a dependency on it, or by its
        /// `Chart.yaml`.
        name: Option<String>,
    },
    /// A packed chart.
    Archive {
        /// Its address.
        url: String,
    },
    /// By name, from the repository that another object describes (Flux `sourceRef`).
    Named {
        /// The chart's name, or its folder if that object is a Git repository.
        name: String,
        /// The other object.
        object: ObjectRef,
    },
    /// Another object names it (Flux `chartRef`, the `HelmChart` of a `HelmChartConfig`).
    Object(ObjectRef),
    /// A template engine names it.
    Templated(String),
    /// Nothing names it here.
    Missing,
}

/// The comparison of a carrier's chart with a known one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sameness {
    /// The chart, from a repository that is known.
    Same,
    /// A chart of that name from another repository: a mirror or a fork.
    OtherRepository,
    /// A chart of that name; where it comes from is not said.
    UnknownRepository,
    /// Another chart.
    OtherChart,
    /// This file alone does not tell which chart it is.
    Unresolved,
}

impl ChartRef {
    pub(super) fn new(node: NodeId, source: ChartSource) -> Self {
        Self { node, source }
    }

    pub(super) fn missing(node: NodeId) -> Self {
        Self::new(node, ChartSource::Missing)
    }

    /// A chart that a field names together with a repository, each as written.
    pub(super) fn named(node: NodeId, name: &str, url: Option<&str>) -> Self {
        Self::new(node, ChartSource::named(name, url))
    }

    /// A chart by one text that can be many things: see [`ChartSource::of_text`].
    pub(super) fn of_text(node: NodeId, text: &str) -> Self {
        Self::new(node, ChartSource::of_text(text))
    }

    /// See [`ChartSource::name`].
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.source.name()
    }

    /// See [`ChartSource::repository`].
    #[must_use]
    pub fn repository(&self) -> Option<String> {
        self.source.repository()
    }

    /// See [`ChartSource::is_from`].
    #[must_use]
    pub fn is_from(&self, place: &str) -> bool {
        self.source.is_from(place)
    }
}

impl ChartSource {
    /// A chart that a field names together with a repository, each as written.
    pub(super) fn named(name: &str, url: Option<&str>) -> Self {
        if [Some(name), url].into_iter().flatten().any(is_templated) {
            return Self::Templated(match url {
                Some(url) => format!("{name} from {url}"),
                None => name.to_owned(),
            });
        }
        Self::Repository {
            name: name.to_owned(),
            url: url.map(str::to_owned),
        }
    }

    /// A chart by one text that can be many things: an address in a registry, of an archive, a folder,
    /// or `name` alone.
    pub(super) fn of_text(text: &str) -> Self {
        if is_templated(text) {
            Self::Templated(text.to_owned())
        } else if let Some((url, name)) = text
            .strip_prefix("oci://")
            .and_then(|path| path.trim_end_matches('/').rsplit_once('/'))
        {
            Self::Repository {
                name: without_tag(name).to_owned(),
                url: Some(format!("oci://{url}")),
            }
        // Addresses of go-getter have two colons (`git::https://…`).
        } else if text.contains("://") || text.contains("::") {
            Self::Archive {
                url: text.to_owned(),
            }
        } else if text.starts_with(['.', '/', '~']) {
            Self::Folder {
                path: text.to_owned(),
                url: None,
                name: None,
            }
        } else {
            Self::Repository {
                name: text.to_owned(),
                url: None,
            }
        }
    }

    /// The chart's name, as far as it is known: of an archive or a folder the last part of its address.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let last = |path: &'_ str| -> usize {
            path.trim_end_matches('/')
                .rfind('/')
                .map_or(0, |slash| slash + 1)
        };
        match self {
            Self::Repository { name, .. }
            | Self::Folder {
                name: Some(name), ..
            } => Some(name),
            Self::Named { name, .. } => Some(name[last(name)..].trim_end_matches('/')),
            Self::Folder {
                path, name: None, ..
            } => Some(path[last(path)..].trim_end_matches('/')),
            Self::Archive { url } => {
                let file = &url[last(url)..];
                let file = file.split(['?', '#']).next().unwrap_or(file);
                let file = file
                    .strip_suffix(".tgz")
                    .or_else(|| file.strip_suffix(".tar.gz"))
                    .unwrap_or(file);
                // `arroyo-0.10.3`, `arroyo-2-1.0.0-rc.1`: the version begins behind the first dash where one can be read;
                // where there is none that semver takes, behind the first before a digit.
                let version = |at: usize| file[at + 1..].trim_start_matches('v');
                let dashes = || file.match_indices('-').map(|(at, _)| at);
                let strict = dashes().find(|at| Version::parse(version(*at)).is_ok());
                let loose =
                    || dashes().find(|at| version(*at).starts_with(|c: char| c.is_ascii_digit()));
                let end = strict.or_else(loose).unwrap_or(file.len());
                Some(&file[..end])
            }
            Self::Object(_) | Self::Templated(_) | Self::Missing => None,
        }
    }

    /// The repository of the chart, in the [one form](normal_url) of an address; `None` if it is not named. The chart's
    /// own name, with which the address of a registry may end, is no part of it.
    #[must_use]
    pub fn repository(&self) -> Option<String> {
        let url = match self {
            Self::Repository { url, .. } | Self::Folder { url, .. } => url.as_deref()?,
            Self::Archive { url } => url.rsplit_once('/')?.0,
            _ => return None,
        };
        let url = normal_url(url);
        let name = self.name().unwrap_or_default();
        Some(
            match url.strip_suffix(name).and_then(|url| url.strip_suffix('/')) {
                Some(above) if !name.is_empty() => above.to_owned(),
                _ => url,
            },
        )
    }

    /// The address that Helm fetches it from, as it is written: that of its repository, or the chart's own in a registry
    /// (`oci://`, which some manifests leave out); `None` if it is not named.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        let Self::Repository {
            name,
            url: Some(url),
        } = self
        else {
            return None;
        };
        let url = url.trim_end_matches('/');
        let (is_registry, path) = match url.split_once("://") {
            Some((scheme, path)) => (scheme == "oci", path),
            None => (true, url),
        };
        if !is_registry {
            return Some(url.to_owned());
        }
        let above = path.strip_suffix(name.as_str());
        let above = above
            .and_then(|path| path.strip_suffix('/'))
            .unwrap_or(path);
        Some(format!("oci://{above}/{name}"))
    }

    /// True if it comes from a repository or registry, or from a folder of it.
    #[must_use]
    pub fn is_from(&self, place: &str) -> bool {
        let (Self::Repository { url: Some(url), .. } | Self::Archive { url }) = self else {
            return false;
        };
        let (url, place) = (normal_url(url), normal_url(place));
        let named = self.name().map(|name| format!("{url}/{name}"));
        url == place || url.starts_with(&format!("{place}/")) || named.as_ref() == Some(&place)
    }

    /// Compares with a chart of which the name and the repositories are known.
    #[must_use]
    pub fn compare(&self, name: &str, repositories: &[String]) -> Sameness {
        let known = |url: &str| {
            repositories
                .iter()
                .any(|known| normal_url(known) == normal_url(url))
        };
        match self {
            Self::Repository {
                name: written,
                url: Some(url),
            } => {
                // A registry's address may hold the chart's name, or stop before it, on either side.
                let at_end = || known(&format!("{}/{written}", url.trim_end_matches('/')));
                let before_name = || without_name(url, written).is_some_and(known);
                if written != name {
                    Sameness::OtherChart
                } else if known(url) || at_end() || before_name() {
                    Sameness::Same
                } else {
                    Sameness::OtherRepository
                }
            }
            Self::Repository {
                name: written,
                url: None,
            } => {
                // `repository/chart` of a Helm that knows the repository under that name.
                let last = written.rsplit('/').next().unwrap_or(written);
                if last == name {
                    Sameness::UnknownRepository
                } else {
                    Sameness::OtherChart
                }
            }
            Self::Archive { url } => {
                if self.name() != Some(name) {
                    Sameness::OtherChart
                } else if repositories
                    .iter()
                    .any(|known| normal_url(url).starts_with(&format!("{}/", normal_url(known))))
                {
                    Sameness::Same
                } else {
                    Sameness::OtherRepository
                }
            }
            Self::Named { .. }
            | Self::Folder { .. }
            | Self::Object(_)
            | Self::Templated(_)
            | Self::Missing => Sameness::Unresolved,
        }
    }
}

/// The one form of a repository's address: no scheme, no user, host in lower case, no slash or `.git`
/// at the end.
#[must_use]
pub fn normal_url(url: &str) -> String {
    let url = url.trim();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    // `git@host:owner/name`, and a user or token before the host.
    let slash = rest.find('/').unwrap_or(rest.len());
    let rest = match rest[..slash].rfind('@') {
        Some(at) => &rest[at + 1..],
        None => rest,
    };
    let (host, path) = match rest.find(['/', ':']) {
        // A colon before no port is that of `git@host:owner/name`.
        Some(at) if rest[at..].starts_with(':') && !is_port(&rest[at + 1..]) => {
            (&rest[..at], &rest[at + 1..])
        }
        _ => rest.split_once('/').unwrap_or((rest, "")),
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let host = host.to_ascii_lowercase();
    // The ports that https and http have anyway are left out by some.
    let host = host
        .strip_suffix(":443")
        .or_else(|| host.strip_suffix(":80"))
        .unwrap_or(&host);
    if path.is_empty() {
        host.to_owned()
    } else {
        format!("{host}/{path}")
    }
}

fn is_port(text: &str) -> bool {
    let end = text.find('/').unwrap_or(text.len());
    end > 0 && text[..end].bytes().all(|b| b.is_ascii_digit())
}

/// A registry's address without the chart's name at its end. `None` where the name is not there, and
/// for repositories over HTTP, whose address is the folder of an index and never names a chart.
fn without_name<'u>(url: &'u str, name: &str) -> Option<&'u str> {
    if url.contains("://") && !url.starts_with("oci://") {
        return None;
    }
    url.trim_end_matches('/')
        .strip_suffix(name)?
        .strip_suffix('/')
}

/// A name in a registry without its `:tag` or `@digest`.
fn without_tag(name: &str) -> &str {
    name.split([':', '@']).next().unwrap_or(name)
}

pub(super) fn is_templated(text: &str) -> bool {
    text.contains("{{") || text.contains("${")
}

/// A reference by `kind`, `name` and `namespace` below a field.
pub(super) fn object_ref(
    doc: &Doc<'_>,
    map: NodeId,
    default_kind: &str,
    namespace: Option<&str>,
) -> Option<ObjectRef> {
    Some(ObjectRef {
        kind: doc
            .text_at(map, &["kind"])
            .unwrap_or_else(|| default_kind.to_owned()),
        name: doc.text_at(map, &["name"])?,
        namespace: doc
            .text_at(map, &["namespace"])
            .or_else(|| namespace.map(str::to_owned)),
        node: map,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Tree;

    fn node() -> NodeId {
        Tree::parse("a: 1").unwrap().documents()[0].root
    }

    #[test]
    fn addresses_have_one_form() {
        for url in [
            "https://charts.example/arroyo",
            "https://charts.example/arroyo/",
            "http://Charts.Example:80/arroyo",
            "oci://charts.example/arroyo",
            "charts.example/arroyo",
            "https://token@charts.example/arroyo.git",
            "git@charts.example:arroyo.git",
            "ssh://git@charts.example/arroyo",
        ] {
            assert_eq!(normal_url(url), "charts.example/arroyo", "{url}");
        }
        assert_eq!(normal_url("https://charts.example"), "charts.example");
        assert_eq!(
            normal_url("oci://charts.example:5000/a"),
            "charts.example:5000/a"
        );
    }

    #[test]
    fn a_chart_is_from_a_repository_a_registry_or_a_folder_of_it() {
        let from = |chart: &ChartRef| {
            [
                "https://charts.example/apps",
                "oci://registry.example/apps/arroyo",
            ]
            .map(|place| chart.is_from(place))
        };
        let named = |url| from(&ChartRef::named(node(), "arroyo", Some(url)));
        assert_eq!(named("http://charts.example/apps/"), [true, false]);
        assert_eq!(named("https://charts.example/apps/stable"), [true, false]);
        assert_eq!(named("https://charts.example/apps-too"), [false, false]);
        assert_eq!(named("oci://registry.example/apps"), [false, true]);
        let text = |text| from(&ChartRef::of_text(node(), text));
        assert_eq!(
            text("https://charts.example/apps/arroyo-1.0.0.tgz"),
            [true, false]
        );
        assert_eq!(text("oci://registry.example/apps/arroyo"), [false, true]);
        assert_eq!(text("./charts.example/apps"), [false, false]);
    }

    #[test]
    fn a_chart_is_its_name_and_its_repository() {
        let known = ["https://charts.example/arroyo".to_owned()];
        let compare = |chart: ChartRef| chart.source.compare("arroyo", &known);
        let named = |name, url| compare(ChartRef::named(node(), name, url));
        assert_eq!(
            named("arroyo", Some("https://charts.example/arroyo/")),
            Sameness::Same
        );
        assert_eq!(
            named("arroyo", Some("https://mirror.example")),
            Sameness::OtherRepository
        );
        assert_eq!(
            named("kafka", Some("https://charts.example/arroyo")),
            Sameness::OtherChart
        );
        assert_eq!(named("arroyo", None), Sameness::UnknownRepository);
        assert_eq!(named("team/arroyo", None), Sameness::UnknownRepository);
        assert_eq!(named("{{ chart }}", None), Sameness::Unresolved);
        let registry = ["oci://registry.example/apps".to_owned()];
        let pulled = |url| {
            let chart = ChartRef::named(node(), "arroyo", Some(url));
            chart.source.compare("arroyo", &registry)
        };
        assert_eq!(pulled("oci://registry.example/apps"), Sameness::Same);
        // The chart's name stands in the address, and once more in its own field.
        assert_eq!(
            pulled("oci://registry.example/apps/arroyo/"),
            Sameness::Same
        );
        assert_eq!(pulled("registry.example/apps/arroyo"), Sameness::Same);
        assert_eq!(
            pulled("https://registry.example/apps/arroyo"),
            Sameness::OtherRepository
        );
        assert_eq!(
            pulled("oci://registry.example/apps/other/arroyo"),
            Sameness::OtherRepository
        );
        let text = |text| compare(ChartRef::of_text(node(), text));
        assert_eq!(text("oci://charts.example/arroyo"), Sameness::Same);
        assert_eq!(
            text("https://charts.example/arroyo/arroyo-0.10.3.tgz"),
            Sameness::Same
        );
        assert_eq!(
            text("https://mirror.example/arroyo-0.10.3.tgz"),
            Sameness::OtherRepository
        );
        assert_eq!(
            text("https://mirror.example/kafka-ui-1.0.0.tgz"),
            Sameness::OtherChart
        );
        assert_eq!(text("./charts/arroyo"), Sameness::Unresolved);
        assert_eq!(
            ChartRef::of_text(node(), "oci://charts.example/team/arroyo:0.10.3").name(),
            Some("arroyo")
        );
        assert_eq!(
            ChartRef::of_text(node(), "https://x.example/kafka-ui-v1.0.0.tgz?raw=1").name(),
            Some("kafka-ui")
        );
        for (file, name) in [
            ("foo-2-1.0.0", "foo-2"),
            ("foo-2-1.0.0-rc.1", "foo-2"),
            ("foo-1.2", "foo"),
            ("foo", "foo"),
        ] {
            let text = format!("https://x.example/{file}.tgz");
            assert_eq!(ChartRef::of_text(node(), &text).name(), Some(name));
        }
        assert_eq!(
            ChartRef::of_text(node(), "../charts/arroyo/").name(),
            Some("arroyo")
        );
    }
}
