//! The check of effects, as people and programs read it.
//!
//! What can hurt comes first, then what nobody has explained, then the rest in groups: a setting that does
//! what it did is a name in a list. Places are told in words (container, variable, file), not as paths
//! through a Deployment.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value as Json;

use super::{
    Detail, Masker, ReportStyle,
    page::{Page, WordStyle, span, unstyled},
    wording::{count, short_value, shorten},
};
use crate::{
    effect::model::{EffectFate, Effects, Report, SeenEffect, Setting, SettingFate},
    secrets::is_secret_path,
};

/// Effects of one setting that are listed before the rest is only counted.
const LISTED: usize = 6;
/// Changed defaults that are listed before the rest is only counted.
const DEFAULTS: usize = 12;
/// Places of a changed default that are listed.
const PLACES: usize = 2;
/// The number of characters of a long value that are shown before the part that differs.
const SHOWN_BEFORE: usize = 12;

/// The checks as one JSON document with a final line end.
///
/// # Errors
///
/// If they cannot be serialised, which none is known to cause.
pub fn render_json(
    effects: &Effects,
    masker: &Masker,
    pretty: bool,
) -> Result<String, serde_json::Error> {
    let effects = masked_effects(effects, masker);
    let mut text = if pretty {
        serde_json::to_string_pretty(&effects)?
    } else {
        serde_json::to_string(&effects)?
    };
    text.push('\n');
    Ok(super::json::escape_controls(text))
}

fn masked_effects(effects: &Effects, masker: &Masker) -> Effects {
    let mut effects = effects.clone();
    if !masker.is_on() {
        return effects;
    }
    // A chart copies a secret into objects whose names say nothing of it, so it is also searched for by what it
    // is.
    let secrets = hidden_secrets(&effects);
    let masker = &masker.of_rendered(secrets.iter().map(String::as_str));
    for failed in &mut effects.failed {
        failed.message = masker.mask_text(&failed.message);
    }
    for report in &mut effects.releases {
        for setting in &mut report.settings {
            let path = setting.path.clone().unwrap_or_default();
            match is_secret(setting) {
                true => masker.mask_secret(&mut setting.value),
                false => masker.mask_json(&path, &mut setting.value),
            }
            for seen in &mut setting.effects {
                let to = seen.to.clone().unwrap_or_default();
                for value in [&mut seen.was, &mut seen.now] {
                    if in_secret(&seen.place) || in_secret(&to) {
                        masker.mask_secret(value);
                    }
                    // It goes by several names, and one that tells a secret is enough.
                    for place in [&path, &seen.place, &to] {
                        masker.mask_json(place, value);
                    }
                }
                if let Some(notice) = &mut seen.notice {
                    *notice = masker.mask_text(notice);
                }
            }
        }
        for changed in &mut report.changed_defaults {
            for value in [&mut changed.was, &mut changed.now] {
                masker.mask_json(&changed.path, value);
                // A default that shows outside of Secrets too stands there for everybody to read.
                let mut places = changed.places.iter();
                if !changed.places.is_empty() && places.all(|place| in_secret(place)) {
                    masker.mask_secret(value);
                }
            }
        }
        for finding in &mut report.findings {
            finding.what = masker.mask_text(&finding.what);
            finding.next = finding.next.as_deref().map(|next| masker.mask_text(next));
        }
        for danger in &mut report.dangers {
            danger.what = masker.mask_text(&danger.what);
        }
        report
            .notes
            .iter_mut()
            .for_each(|note| *note = masker.mask_text(note));
        for fact in &mut report.facts {
            for text in [&mut fact.before, &mut fact.after].into_iter().flatten() {
                *text = masker.mask_text(text);
            }
        }
    }
    effects
}

/// True for a place in the data of a Secret.
fn in_secret(place: &str) -> bool {
    let path = place
        .strip_prefix("Secret/")
        .and_then(|rest| rest.split_once(' '));
    path.is_some_and(|(_, path)| path.starts_with("data") || path.starts_with("stringData"))
}

/// True for a secret setting: by its name, or because it shows in Secrets only.
fn is_secret(setting: &Setting) -> bool {
    let path = setting.path.as_deref().unwrap_or_default();
    is_secret_path(path)
        || !setting.effects.is_empty() && setting.effects.iter().all(|seen| in_secret(&seen.place))
}

/// The values of secrets, as far as they stand nowhere in the clear.
fn hidden_secrets(effects: &Effects) -> BTreeSet<String> {
    let (mut secrets, mut clear) = (BTreeSet::new(), Vec::new());
    for setting in effects.releases.iter().flat_map(|report| &report.settings) {
        match is_secret(setting) {
            true => visit_texts(&setting.value, &mut |text| {
                secrets.insert(text.to_owned());
            }),
            false => visit_texts(&setting.value, &mut |text| clear.push(text.to_owned())),
        }
    }
    secrets.retain(|secret| !clear.iter().any(|text| text.contains(secret)));
    secrets
}

/// The depth is that of a YAML text, which the reader bounds.
fn visit_texts(value: &Json, found: &mut impl FnMut(&str)) {
    match value {
        Json::String(text) => found(text),
        Json::Number(number) => found(&number.to_string()),
        Json::Array(items) => items.iter().for_each(|item| visit_texts(item, found)),
        Json::Object(map) => map.values().for_each(|value| visit_texts(value, found)),
        Json::Null | Json::Bool(_) => {}
    }
}

/// The checks as a person reads them.
#[must_use]
pub fn render_text(effects: &Effects, look: ReportStyle, masker: &Masker) -> String {
    let effects = masked_effects(effects, masker);
    let mut page = Page::new(look);
    for report in &effects.releases {
        page.gap();
        write_release(&mut page, report, look);
    }
    page.finish()
}

fn write_release(page: &mut Page, report: &Report, look: ReportStyle) {
    let name = if report.name == "-" {
        "standard input"
    } else {
        &report.name
    };
    let versions = format!("{} {} → {}", report.chart, report.from, report.to);
    page.fill(
        0,
        2,
        &[
            span(format!("{name}: "), WordStyle::Bold),
            unstyled(versions),
        ],
    );
    if look.detail > Detail::Quiet {
        for note in &report.notes {
            page.fill(2, 4, &[span(format!("note: {note}"), WordStyle::Dim)]);
        }
    }
    write_dangers(page, report);
    write_findings(page, report, look);
    write_facts(page, report, look);
    write_unexplained(page, report);
    if look.detail > Detail::Quiet {
        write_explained(page, report, look);
        changed_defaults(page, report, look);
        write_same_effect(page, report, look);
    }
    write_verdict(page, report);
}

fn write_dangers(page: &mut Page, report: &Report) {
    if report.dangers.is_empty() {
        return;
    }
    page.heading("Before you upgrade");
    for danger in &report.dangers {
        page.fill(
            2,
            4,
            &[span("! ", WordStyle::Warn), unstyled(danger.what.clone())],
        );
        page.fill(4, 6, &[span(danger.next.clone(), WordStyle::Dim)]);
    }
}

fn write_findings(page: &mut Page, report: &Report, look: ReportStyle) {
    let shown = report
        .findings
        .iter()
        .filter(|finding| finding.kind.is_fatal() || look.detail > Detail::Quiet);
    let mut shown = shown.peekable();
    if shown.peek().is_none() {
        return;
    }
    page.heading("What the new chart says");
    for finding in shown {
        let style = match (finding.is_unexplained(), finding.kind.is_fatal()) {
            (true, _) => WordStyle::Error,
            (false, true) => WordStyle::Warn,
            (false, false) => WordStyle::Plain,
        };
        let place = finding
            .at
            .as_ref()
            .map(|at| format!("{}:{}: ", at.file, at.line));
        page.fill(
            2,
            4,
            &[
                unstyled(place.unwrap_or_default()),
                span(finding.what.clone(), style),
            ],
        );
        if let Some(step) = &finding.step {
            page.fill(
                4,
                6,
                &[span(format!("[{step}] asks about it"), WordStyle::Dim)],
            );
        } else if let Some(next) = &finding.next {
            page.fill(4, 6, &[span(next.clone(), WordStyle::Dim)]);
        }
    }
}

fn write_facts(page: &mut Page, report: &Report, look: ReportStyle) {
    let changed = report
        .facts
        .iter()
        .filter(|fact| fact.before != fact.after)
        .collect::<Vec<_>>();
    if changed.is_empty() || look.detail == Detail::Quiet {
        return;
    }
    page.heading("Effect");
    for fact in changed {
        let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
        page.fill(
            2,
            4,
            &[
                unstyled(format!("{}: ", fact.title)),
                span(side(&fact.before), WordStyle::Dim),
                unstyled(" → "),
                span(side(&fact.after), WordStyle::Accent),
            ],
        );
    }
}

fn write_unexplained(page: &mut Page, report: &Report) {
    let shown: Vec<&Setting> = report
        .settings
        .iter()
        .filter(|setting| setting.effects.iter().any(|seen| seen.unexplained))
        .collect();
    if shown.is_empty() {
        return;
    }
    page.heading("Differs, and no step says why");
    for setting in shown {
        write_headline(page, setting);
        let effects = setting.effects.iter().filter(|seen| seen.unexplained);
        seen_lines(page, effects, usize::MAX, WordStyle::Error);
    }
}

fn write_explained(page: &mut Page, report: &Report, look: ReportStyle) {
    let groups = [
        (SettingFate::Gone, "No longer does anything"),
        (SettingFate::Different, "Does something else"),
        (SettingFate::More, "Does more than before"),
    ];
    // One notice of a step explains many settings, and is read once.
    let mut said: HashSet<(&String, &String)> = HashSet::new();
    for (fate, title) in groups {
        let settings: Vec<&Setting> = report
            .settings
            .iter()
            .filter(|setting| setting.fate == fate)
            .filter(|setting| setting.effects.iter().any(|seen| seen.step.is_some()))
            .collect();
        if settings.is_empty() {
            continue;
        }
        page.heading(&format!("{title} ({})", settings.len()));
        for setting in settings {
            write_headline(page, setting);
            let effects = || setting.effects.iter().filter(|seen| seen.step.is_some());
            let limit = if look.detail == Detail::Verbose {
                usize::MAX
            } else {
                LISTED
            };
            seen_lines(page, effects(), limit, WordStyle::Plain);
            let mut told: Vec<(&String, &String)> = effects()
                .filter_map(|seen| seen.step.as_ref().zip(seen.notice.as_ref()))
                .collect();
            told.sort();
            told.dedup();
            for (step, notice) in told {
                let notice = match said.insert((step, notice)) {
                    true => notice.clone(),
                    false => "see above".to_owned(),
                };
                page.fill(
                    4,
                    6,
                    &[
                        span(format!("[{step}] "), WordStyle::Accent),
                        span(notice, WordStyle::Dim),
                    ],
                );
            }
        }
    }
}

/// Defaults that changed by themselves: each with the line that pins the old one.
fn changed_defaults(page: &mut Page, report: &Report, look: ReportStyle) {
    let changed = &report.changed_defaults;
    if changed.is_empty() {
        return;
    }
    let title = match report.unrendered {
        None => "New defaults of the chart reach your objects",
        Some(_) => "Defaults that changed, and that your values leave as they are",
    };
    page.heading(&format!("{title} ({})", changed.len()));
    let most = match look.detail {
        Detail::Verbose => usize::MAX,
        _ => DEFAULTS,
    };
    for one in changed.iter().take(most) {
        let (was, now) = shown_both(&one.was, &one.now);
        page.fill(
            2,
            4,
            &[
                span(one.path.clone(), WordStyle::Bold),
                unstyled(format!(": was {was}, is {now}")),
            ],
        );
        let places = match look.detail {
            Detail::Verbose => usize::MAX,
            _ => PLACES,
        };
        let mut shown: Vec<String> = one
            .places
            .iter()
            .take(places)
            .map(|p| place_in_words(p))
            .collect();
        if one.places.len() > places {
            shown.push(format!("{} more", one.places.len() - places));
        }
        if !shown.is_empty() {
            page.fill(4, 6, &[span(shown.join("; "), WordStyle::Dim)]);
        }
    }
    if changed.len() > most {
        let more = format!("and {} more; -v lists them", changed.len() - most);
        page.fill(2, 4, &[span(more, WordStyle::Dim)]);
    }
    let pin = "To keep an old one, set it in your values.";
    page.fill(2, 4, &[span(pin, WordStyle::Dim)]);
}

fn write_headline(page: &mut Page, setting: &Setting) {
    let Some(path) = &setting.path else {
        let text = "several settings together";
        return page.fill(2, 4, &[span(text, WordStyle::Bold)]);
    };
    let at = setting
        .at
        .as_ref()
        .map(|at| format!("  ({}:{})", at.file, at.line))
        .unwrap_or_default();
    page.fill(
        2,
        4,
        &[
            span(path.clone(), WordStyle::Bold),
            unstyled(format!(": {}", short_value(&setting.value))),
            span(at, WordStyle::Dim),
        ],
    );
}

fn seen_lines<'s>(
    page: &mut Page,
    effects: impl Iterator<Item = &'s SeenEffect>,
    limit: usize,
    style: WordStyle,
) {
    let effects: Vec<&SeenEffect> = effects.collect();
    for seen in effects.iter().take(limit) {
        let place = place_in_words(&seen.place);
        let to = seen
            .to
            .as_deref()
            .map(|to| format!(", now {}", self::place_in_words(to)));
        let (was, now) = shown_both(&seen.was, &seen.now);
        let change = match (seen.fate, &seen.was, &seen.now) {
            (EffectFate::New, Json::Null, _) => format!("is now {now}"),
            (EffectFate::Gone | EffectFate::GoneWithObject, _, Json::Null) => {
                format!("was {was}, and is gone")
            }
            (_, Json::Null, _) => format!("was nothing, is {now}"),
            (_, _, Json::Null) => format!("was {was}, is nothing"),
            _ => format!("was {was}, is {now}"),
        };
        page.fill(
            4,
            6,
            &[
                unstyled(format!("{place}{}: ", to.unwrap_or_default())),
                span(change, style),
            ],
        );
    }
    if effects.len() > limit {
        let more = format!("and {} more; -v lists them", effects.len() - limit);
        page.fill(4, 6, &[span(more, WordStyle::Dim)]);
    }
}

/// The old and the new value: of one that is too long for a line, the part that differs.
fn shown_both(was: &Json, now: &Json) -> (String, String) {
    let text = |json: &Json| match json {
        Json::Bool(true) => "there".to_owned(),
        Json::String(text) if text.is_empty() => "empty".to_owned(),
        other => match short_value(other) {
            short if short.ends_with('…') => other.to_string(),
            whole => whole,
        },
    };
    let (was, now) = (text(was), text(now));
    let same = was
        .chars()
        .zip(now.chars())
        .take_while(|(was, now)| was == now);
    let skipped = same.count().saturating_sub(SHOWN_BEFORE);
    let part = |text: &str| {
        if skipped == 0 || shorten(text) == text {
            return shorten(text);
        }
        let rest: String = text.chars().skip(skipped).collect();
        shorten(&format!("…{rest}"))
    };
    (part(&was), part(&now))
}

/// The settings with the same effect: names only, all effects with `-v`.
fn write_same_effect(page: &mut Page, report: &Report, look: ReportStyle) {
    let groups = [
        (SettingFate::NotCompared, "Not compared"),
        (SettingFate::Moved, "Does the same, somewhere else"),
        (SettingFate::Kept, "Does what it did"),
        (SettingFate::None, "Did nothing, and does nothing"),
    ];
    for (fate, title) in groups {
        let settings: Vec<&Setting> = report
            .settings
            .iter()
            .filter(|setting| setting.fate == fate)
            .collect();
        if settings.is_empty() {
            continue;
        }
        page.heading(&format!("{title} ({})", settings.len()));
        if look.detail < Detail::Verbose && fate != SettingFate::NotCompared {
            let names: Vec<String> = settings
                .iter()
                .map(|setting| {
                    setting
                        .path
                        .clone()
                        .unwrap_or_else(|| "several together".to_owned())
                })
                .collect();
            page.fill(2, 2, &[unstyled(names.join(", "))]);
            continue;
        }
        for setting in settings {
            write_headline(page, setting);
            if let Some(because) = &setting.because {
                page.fill(4, 6, &[span(because.clone(), WordStyle::Dim)]);
            }
            for seen in &setting.effects {
                let mut text = place_in_words(&seen.place);
                if let Some(to) = &seen.to {
                    text.push_str(&format!(" → {}", place_in_words(to)));
                }
                page.fill(4, 6, &[unstyled(text)]);
            }
        }
    }
}

fn write_verdict(page: &mut Page, report: &Report) {
    page.gap();
    if report.unrendered.is_some() {
        let text = "Nothing was rendered: this is what the files of the two charts say. Whether the settings still do what they did is not known.";
        return page.fill(0, 0, &[span(text, WordStyle::Warn)]);
    }
    let effects = report
        .settings
        .iter()
        .map(|setting| setting.effects.len())
        .sum();
    let looked = format!(
        "{} of {} compared, {}. Rendered effects only: what the programs make of them is for the notices of the upgrade to say.",
        count(effects, "effect"),
        count(report.settings.len(), "setting"),
        count(report.renderings, "rendering"),
    );
    if !report.open.is_empty() {
        let open = match report.open.len() {
            1 => "1 question is open".to_owned(),
            n => format!("{n} questions are open"),
        };
        let text = format!(
            "{open} ({}): what depends on it was compared as the values stand now. Answer it before you rely on this.",
            report.open.join(", ")
        );
        page.fill(0, 0, &[span(text, WordStyle::Warn)]);
    }
    match report.unexplained {
        // As long as a question is open, that everything is as it was would be saying too much.
        0 if !report.open.is_empty() => {}
        0 => page.fill(
            0,
            0,
            &[span(
                "Everything is as it was, or a step says why it is not.",
                WordStyle::Good,
            )],
        ),
        n => page.fill(
            0,
            0,
            &[span(
                format!(
                    "{} not explained. Look at each before you upgrade.",
                    match n {
                        1 => "1 difference is".to_owned(),
                        n => format!("{n} differences are"),
                    }
                ),
                WordStyle::Error,
            )],
        ),
    }
    page.fill(0, 0, &[span(looked, WordStyle::Dim)]);
}

/// A place in words.
fn place_in_words(text: &str) -> String {
    let Some((object, path)) = text.split_once(' ') else {
        return text.to_owned();
    };
    // A CronJob has the template of its pods one level deeper than other workloads.
    let mut rest = path.strip_prefix("spec.jobTemplate.").unwrap_or(path);
    let mut words = vec![object.to_owned()];
    if let Some(below) = rest.strip_prefix("spec.template.spec.") {
        rest = below;
    } else if let Some(below) = rest.strip_prefix("spec.template.") {
        words.push("pod template".to_owned());
        rest = below;
    } else {
        rest = path;
    }
    for (prefix, word) in [
        ("initContainers[name=", "init container"),
        ("containers[name=", "container"),
    ] {
        if let Some((name, below)) = rest
            .strip_prefix(prefix)
            .and_then(|rest| rest.split_once(']'))
        {
            words.push(format!("{word} {name}"));
            rest = below.trim_start_matches('.');
            break;
        }
    }
    if let Some((name, below)) = rest
        .strip_prefix("env[name=")
        .and_then(|rest| rest.split_once(']'))
    {
        words.push(format!("variable {name}"));
        let below = below.trim_start_matches('.');
        rest = match below.strip_prefix("value") {
            Some(inside) if inside.is_empty() || inside.starts_with('.') => {
                inside.trim_start_matches('.')
            }
            // `valueFrom` is another field.
            _ => below,
        };
    } else if let Some(data) = rest.strip_prefix("data.") {
        // The file's name has escaped dots.
        let mut end = data.len();
        let mut escaped = false;
        for (at, c) in data.char_indices() {
            match c {
                '\\' => escaped = true,
                '.' if !escaped => {
                    end = at;
                    break;
                }
                _ => escaped = false,
            }
        }
        words.push(data[..end].replace('\\', ""));
        rest = data[end..].trim_start_matches('.');
    }
    if !rest.is_empty() {
        words.push(rest.to_owned());
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{place_in_words, shown_both};

    #[test]
    fn of_long_values_the_part_that_differs_is_shown() {
        let list = |path: &str| serde_json::json!([{"backend": {"service": {"name": "a-long-name", "port": {"number": 80}}}, "path": path}]);
        let (was, now) = shown_both(&list("/app"), &list("/"));
        assert!(was.starts_with('…') && was.contains("/app"), "{was}");
        assert!(now.starts_with('…') && now.contains("\"/\""), "{now}");
        let short = shown_both(&"abc".into(), &"abd".into());
        assert_eq!(short, ("abc".to_owned(), "abd".to_owned()));
    }

    #[test]
    fn places_are_told_in_words() {
        for (path, words) in [
            (
                "Deployment/a spec.template.spec.containers[name=c].env[name=X].value.tag",
                "Deployment/a, container c, variable X, tag",
            ),
            (
                "Deployment/a spec.template.spec.containers[name=c].env[name=X].valueFrom.secretKeyRef.key",
                "Deployment/a, container c, variable X, valueFrom.secretKeyRef.key",
            ),
            (
                "Deployment/a spec.template.metadata.annotations.x",
                "Deployment/a, pod template, metadata.annotations.x",
            ),
            (
                "ConfigMap/a data.config\\.yaml.worker.image",
                "ConfigMap/a, config.yaml, worker.image",
            ),
            ("Service/a", "Service/a"),
        ] {
            assert_eq!(place_in_words(path), words);
        }
    }
}
