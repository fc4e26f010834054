//! Which packs come into question, and which of them a release is for.

use super::{Request, fault};
use crate::{
    detect::{Detection, detect},
    load::Wanted,
    outcome::Refusal,
    pack::{Pack, built_in, built_in_names, check::check},
    refusal::{self, Reason},
    values::Map,
};

/// The packs that come into question, those of the user first.
///
/// # Errors
///
/// If one cannot be loaded, or the chart that was stated has none.
pub fn packs(request: &Request) -> Result<Vec<Pack>, Box<Refusal>> {
    let mut packs = Vec::new();
    for dir in &request.pack_dirs {
        let pack = Pack::from_folder(dir)
            .map_err(|e| refusal::request::pack(&e).of(&dir.display().to_string()))?;
        if let Some(finding) = check(&pack).first() {
            let reason = Reason::new(format!("the pack cannot be used: {finding}")).next(format!(
                "Run `refit pack check {}` for the whole list.",
                crate::shell::quote(&dir.display().to_string())
            ));
            return Err(reason.of(&dir.display().to_string()));
        }
        packs.push(pack);
    }
    for name in built_in_names() {
        if packs.iter().any(|pack| pack.info.chart == name) {
            continue;
        }
        let pack = built_in(name).map_err(|e| fault(&e, name))?;
        packs.extend(pack);
    }
    let Some(chart) = &request.chart else {
        return Ok(packs);
    };
    let known: Vec<String> = packs.iter().map(|pack| pack.info.chart.clone()).collect();
    packs.retain(|pack| pack.info.chart == *chart);
    if packs.is_empty() {
        return Err(refusal::request::unknown_chart(chart, &known).of("--chart"));
    }
    Ok(packs)
}

/// The pack for a release: the one whose chart is known, else the only one whose chart has left
/// unmistakable traces in the values.
pub(super) fn choose<'p>(
    request: &Request,
    packs: &'p [Pack],
    wanted: &Wanted,
    values: &Map,
) -> Result<(&'p Pack, Detection), Box<Refusal>> {
    let name = &wanted.name;
    let mut found = Vec::new();
    for pack in packs {
        if wanted
            .chart
            .as_ref()
            .is_some_and(|chart| *chart != pack.info.chart)
        {
            continue;
        }
        let detection = detect(pack, values).map_err(|e| fault(&e, name))?;
        if request.chart.is_some() || wanted.chart.is_some() || detection.is_conclusive() {
            found.push((pack, detection));
        }
    }
    if found.len() == 1 {
        return Ok(found.remove(0));
    }
    let charts: Vec<String> = packs.iter().map(|pack| pack.info.chart.clone()).collect();
    if let (Some(chart), true) = (&wanted.chart, found.is_empty()) {
        return Err(refusal::request::unknown_chart(chart, &charts).of(name));
    }
    let reason = if found.is_empty() {
        let why = match values.is_empty() {
            true => "It sets nothing.",
            false => "It has only keys that many charts have.",
        };
        Reason::new("nothing in the file tells which chart it is for").why(why)
    } else {
        let found: Vec<&str> = found
            .iter()
            .map(|(pack, _)| pack.info.chart.as_str())
            .collect();
        Reason::new(format!(
            "the file could be for several charts: {}",
            found.join(", ")
        ))
    };
    Err(reason
        .next(format!(
            "Say which: --chart NAME (known: {}).",
            charts.join(", ")
        ))
        .of(name))
}
