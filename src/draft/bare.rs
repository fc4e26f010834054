//! A pack that knows two versions of a chart, and nothing that happened between them.
//!
//! With it the check of effects works for any two charts: no step explains anything, so every difference is told.

use semver::{BuildMetadata, Version};

use crate::{chart::Chart, pack::Texts};

/// The two versions, as a pack counts them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// Of the chart that the values are for.
    pub old: Version,
    /// Of the chart to go to.
    pub new: Version,
    /// True if the versions do not tell which chart comes after the other: both have the same, or they are two charts
    /// with numbers of their own. Then `new` is told apart by a name that is in no manifest.
    pub are_same: bool,
}

/// Build metadata of the new chart's version where both charts have the same, as in a work tree.
const NEW: &str = "new";

impl Versions {
    /// The versions of two charts; `None` if one of them has none that can be compared.
    #[must_use]
    pub fn of(old: &Chart, new: &Chart) -> Option<Self> {
        let (was, mut now) = (old.semver()?, new.semver()?);
        let is_other = old.name != new.name && now < was;
        let are_same = was == now || is_other;
        if is_other {
            let plain = |c: char| {
                if c.is_ascii_alphanumeric() || c == '.' {
                    c
                } else {
                    '-'
                }
            };
            let name: String = format!("{}-{now}", new.name).chars().map(plain).collect();
            now = was.clone();
            now.build = BuildMetadata::new(&name).ok()?;
        } else if are_same {
            now.build = BuildMetadata::new(NEW).ok()?;
        }
        Some(Self {
            old: was,
            new: now,
            are_same,
        })
    }
}

/// The texts of a pack that knows the two versions, and no key and no step. It goes by the old chart's name,
/// because that is what manifests name; those that were changed first name the new one.
#[must_use]
pub fn bare_pack(old: &Chart, new: &Chart, versions: &Versions) -> Texts {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let app = |chart: &Chart| quoted(chart.app_version.as_deref().unwrap_or(&chart.version));
    let other_name = match old.name == new.name {
        true => String::new(),
        false => format!("identifies: {{names: [{}]}}\n", quoted(&new.name)),
    };
    let pack = format!(
        "pack: 1\nchart: {}\ntitle: {}\n{other_name}versions:\n  {}: {{app: {}}}\n  {}: {{app: {}}}\n",
        quoted(&old.name),
        quoted(&old.name),
        quoted(&versions.old.to_string()),
        app(old),
        quoted(&versions.new.to_string()),
        app(new),
    );
    Texts::from([
        ("pack.yaml".to_owned(), pack),
        ("keys.yaml".to_owned(), "{}\n".to_owned()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::Pack;

    fn chart(name: &str, version: &str) -> Chart {
        Chart {
            name: name.to_owned(),
            version: version.to_owned(),
            ..Chart::default()
        }
    }

    #[test]
    fn a_bare_pack_is_a_pack_whatever_the_chart_is_called() {
        for (old, new, are_same) in [
            ("v1.2", "2.0.0-rc.1", false),
            ("1.0.0", "1.0.0", true),
            ("8.0.0", "2.0.0+b-1", true),
        ] {
            let (old, new) = (chart("it's: a \"chart\"", old), chart("b_1", new));
            let versions = Versions::of(&old, &new).unwrap();
            assert_eq!(versions.are_same, are_same);
            let pack = Pack::from_texts(bare_pack(&old, &new, &versions)).unwrap();
            assert_eq!(pack.info.chart, "it's: a \"chart\"");
            let known: Vec<&Version> = pack.info.versions.keys().collect();
            assert_eq!(known, [&versions.old, &versions.new]);
            assert!(versions.old < versions.new);
        }
        assert_eq!(Versions::of(&chart("a", "x"), &chart("a", "1.0.0")), None);
    }
}
