//! What was found in carriers, in short lines.

#![allow(dead_code, reason = "each test file uses its own part of this module")]

use refit::carrier::{ChartSource, LayerSource, Root};
use refit::yaml::Tree;

/// Where a chart comes from.
pub fn source_text(source: &ChartSource) -> String {
    match source {
        ChartSource::Repository { name, url } => {
            format!("{name} from {}", url.as_deref().unwrap_or("?"))
        }
        ChartSource::Folder { path, url, .. } => {
            format!("folder {path} of {}", url.as_deref().unwrap_or("here"))
        }
        ChartSource::Archive { url } => format!("archive {url}"),
        ChartSource::Named { name, object } => {
            format!("{name} from {} {}", object.kind, object.name)
        }
        ChartSource::Object(object) => format!("of {} {}", object.kind, object.name),
        ChartSource::Templated(text) => format!("template {text}"),
        ChartSource::Missing => "missing".to_owned(),
    }
}

/// Where a layer is.
pub fn source(tree: &Tree, node: refit::yaml::NodeId, source: &LayerSource) -> String {
    match source {
        LayerSource::Map => format!("map {}", tree.text()[tree.span(node)].replace('\n', " ")),
        LayerSource::Text => format!("text {:?}", tree.content(node)),
        LayerSource::Paths { entries, .. } => format!(
            "paths {}",
            entries
                .iter()
                .map(|entry| entry.path.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        ),
        LayerSource::File(file) => {
            let root = match &file.root {
                Root::Folder => String::new(),
                Root::Repository { url } => format!(" in {}", url.as_deref().unwrap_or("/")),
                Root::Chart { folder, .. } => format!(" in chart {folder}"),
            };
            let optional = if file.missing_ok { " if there" } else { "" };
            format!("file {}{root}{optional}", file.path)
        }
        LayerSource::Reference(reference) => format!(
            "{} {} {}{}",
            reference.object.kind,
            reference.object.name,
            reference.key,
            reference
                .target_path
                .as_ref()
                .map_or(String::new(), |target| format!(" at {}", target.text))
        ),
        LayerSource::Opaque { why, .. } => format!("opaque: {why}"),
    }
}
