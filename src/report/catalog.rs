//! What is built in: the packs in a table, and one version or step explained.
//!
//! It shows plain data that the command line takes from the packs, so that a report never loads one.

use semver::Version;

use super::{
    ReportStyle,
    page::{Page, WordStyle, columns_of, span, unstyled},
    wording::{self, count},
};
use crate::pack::{PackOrigin, Step};

/// One pack in the table.
#[derive(Debug, Clone)]
pub struct PackRow {
    /// The chart.
    pub chart: String,
    /// The title of the chart's pack.
    pub title: String,
    /// The oldest and the newest version.
    pub versions: (String, String),
    /// The newest version that is a release.
    pub newest_release: String,
    /// The number of migrations.
    pub migrations: usize,
    /// The number of steps in all migrations.
    pub steps: usize,
    /// The source of the pack.
    pub origin: PackOrigin,
}

/// A migration, explained.
#[derive(Debug, Clone)]
pub struct MigrationPage {
    /// The chart.
    pub chart: String,
    /// The version.
    pub version: String,
    /// The title of the migration.
    pub title: String,
    /// The address of its documentation.
    pub link: Option<String>,
    /// Its steps: id and title.
    pub steps: Vec<(String, String)>,
}

/// A step, explained.
#[derive(Debug, Clone, Default)]
pub struct StepPage {
    /// The chart.
    pub chart: String,
    /// The version that brought it.
    pub version: String,
    /// The id.
    pub id: String,
    /// The title: the thing that the step does.
    pub title: String,
    /// The reason.
    pub why: Option<String>,
    /// The address of its documentation.
    pub link: Option<String>,
    /// The paths it takes; with where they go, if they go elsewhere unchanged.
    pub takes: Vec<(String, Option<String>)>,
    /// The paths it looks at.
    pub reads: Vec<String>,
    /// The paths it may write.
    pub writes: Vec<String>,
    /// The steps that must run too.
    pub needs: Vec<String>,
    /// True if it changes the meaning of a key that stays.
    pub same_key: bool,
    /// The notices that it may give, with their severities, and the tasks that it may leave.
    pub tells: Vec<(&'static str, String)>,
    /// The questions that it may ask.
    pub questions: Vec<QuestionPage>,
}

/// A question that a step may ask.
#[derive(Debug, Clone)]
pub struct QuestionPage {
    /// The question, with the places that values go to in braces.
    pub text: String,
    /// The options.
    pub options: Vec<OptionPage>,
}

/// An option of a question.
#[derive(Debug, Clone)]
pub struct OptionPage {
    /// The id.
    pub id: String,
    /// The effect of choosing it.
    pub title: String,
    /// True if it is recommended.
    pub recommended: bool,
    /// The inputs that must be typed: name and explanation.
    pub inputs: Vec<(String, String)>,
}

impl StepPage {
    /// The page of a step in a pack.
    #[must_use]
    pub fn new(chart: &str, version: &Version, step: &Step) -> Self {
        let unfilled = |text: &String| step.with_names(text);
        let mut questions = Vec::new();
        for question in step.rows.iter().filter_map(|row| row.question.as_ref()) {
            questions.push(QuestionPage {
                text: unfilled(&question.text),
                options: question
                    .options
                    .iter()
                    .map(|option| OptionPage {
                        id: option.id.clone(),
                        title: unfilled(&option.title),
                        recommended: option.recommended,
                        inputs: option
                            .inputs
                            .iter()
                            .map(|(name, i)| (name.clone(), unfilled(&i.title)))
                            .collect(),
                    })
                    .collect(),
            });
        }
        // What is moved stands with what is taken; here only what is made.
        let mut writes: Vec<String> = step
            .all_rows()
            .flat_map(|row| &row.writes)
            .map(|write| write.path.to_string())
            .collect();
        let mut seen = std::collections::BTreeSet::new();
        writes.retain(|path| seen.insert(path.clone()));
        let mut tells: Vec<(&str, String)> = Vec::new();
        for row in step.all_rows() {
            let notices = row.tell.iter();
            let notices = notices.map(|told| (wording::severity_word(told.severity), &told.text));
            let tasks = row.todo.iter().map(|(_, text)| ("action", text));
            for (word, text) in notices.chain(tasks) {
                let told = (word, unfilled(text));
                if !tells.contains(&told) {
                    tells.push(told);
                }
            }
        }
        Self {
            chart: chart.to_owned(),
            version: version.to_string(),
            id: step.id.clone(),
            title: step.title.clone(),
            why: step.why.clone(),
            link: step.link.clone(),
            takes: step
                .takes
                .iter()
                .map(|take| {
                    (
                        take.path.to_string(),
                        take.to.as_ref().map(ToString::to_string),
                    )
                })
                .collect(),
            reads: step
                .reads
                .iter()
                .map(|(_, path)| path.to_string())
                .collect(),
            writes,
            needs: step.needs.clone(),
            same_key: step.same_key,
            tells,
            questions,
        }
    }
}

/// The table of packs. Where they come from is said if not all of them are built in.
#[must_use]
pub fn render_packs(rows: &[PackRow], look: ReportStyle) -> String {
    let mut page = Page::new(look);
    let cells = |row: &PackRow| {
        [
            row.chart.clone(),
            format!("{} – {}", row.versions.0, row.versions.1),
            row.newest_release.clone(),
            row.migrations.to_string(),
            row.steps.to_string(),
            wording::origin_in_words(&row.origin),
        ]
    };
    let head = [
        "CHART",
        "VERSIONS",
        "NEWEST RELEASE",
        "MIGRATIONS",
        "STEPS",
        "FROM",
    ];
    let lines: Vec<_> = std::iter::once(head.map(str::to_owned))
        .chain(rows.iter().map(cells))
        .collect();
    let all_built_in = rows.iter().all(|row| row.origin == PackOrigin::BuiltIn);
    let columns = if all_built_in { 5 } else { 6 };
    let widths: Vec<usize> = (0..columns)
        .map(|i| {
            lines
                .iter()
                .map(|line| columns_of(&line[i]))
                .max()
                .unwrap_or_default()
        })
        .collect();
    for (n, line) in lines.iter().enumerate() {
        let text: Vec<_> = line
            .iter()
            .zip(&widths)
            .map(|(cell, wide)| format!("{cell}{}", " ".repeat(wide - columns_of(cell))))
            .collect();
        let style = if n == 0 {
            WordStyle::Dim
        } else {
            WordStyle::Plain
        };
        page.line(0, &[span(text.join("  ").trim_end(), style)]);
    }
    page.finish()
}

/// The versions of a chart that changed something for values files, oldest first, with their titles.
#[must_use]
pub fn render_versions(chart: &str, rows: &[(String, String)], look: ReportStyle) -> String {
    let mut page = Page::new(look);
    let changed = count(rows.len(), "change");
    page.fill(
        0,
        2,
        &[span(format!("{chart}: {changed}"), WordStyle::Bold)],
    );
    named_titles(&mut page, rows);
    page.gap();
    page.fill(
        0,
        0,
        &[unstyled(
            "`refit explain VERSION` tells the steps of one of them.",
        )],
    );
    page.finish()
}

/// A migration with its steps.
#[must_use]
pub fn render_migration(migration: &MigrationPage, look: ReportStyle) -> String {
    let mut page = Page::new(look);
    page.fill(
        0,
        2,
        &[span(
            format!(
                "{} {}: {}",
                migration.chart, migration.version, migration.title
            ),
            WordStyle::Bold,
        )],
    );
    if let Some(link) = &migration.link {
        page.fill(2, 2, &[span(link.clone(), WordStyle::Dim)]);
    }
    page.heading(&count(migration.steps.len(), "step"));
    named_titles(&mut page, &migration.steps);
    page.gap();
    page.fill(
        0,
        0,
        &[span(
            "`refit explain STEP` tells more of one of them.",
            WordStyle::Dim,
        )],
    );
    page.finish()
}

/// Titles behind what they are called, in a column.
fn named_titles(page: &mut Page, rows: &[(String, String)]) {
    let widest = rows.iter().map(|(name, _)| columns_of(name)).max();
    let widest = widest.unwrap_or_default();
    for (name, title) in rows {
        let pad = " ".repeat(widest - columns_of(name));
        page.fill(
            2,
            widest + 4,
            &[
                span(name.clone(), WordStyle::Accent),
                unstyled(format!("{pad}  {title}")),
            ],
        );
    }
}

/// A step with all that it may do and ask.
#[must_use]
pub fn render_step(step: &StepPage, look: ReportStyle) -> String {
    let mut page = Page::new(look);
    page.fill(
        0,
        2,
        &[
            span(step.title.clone(), WordStyle::Bold),
            span(
                format!(" [{}, {} {}]", step.id, step.chart, step.version),
                WordStyle::Dim,
            ),
        ],
    );
    if let Some(link) = &step.link {
        page.fill(2, 2, &[span(link.clone(), WordStyle::Dim)]);
    }
    if let Some(why) = &step.why {
        page.gap();
        page.fill(2, 2, &[unstyled(why.clone())]);
    }
    if !step.takes.is_empty() {
        page.heading("Takes");
        for (path, to) in &step.takes {
            let to = to
                .as_ref()
                .map_or_else(String::new, |to| format!(" → {to}"));
            page.fill(2, 4, &[unstyled(format!("{path}{to}"))]);
        }
    }
    for (title, paths) in [("Looks at", &step.reads), ("Writes", &step.writes)] {
        if !paths.is_empty() {
            page.heading(title);
            paths
                .iter()
                .for_each(|path| page.fill(2, 4, &[unstyled(path.clone())]));
        }
    }
    if !step.tells.is_empty() {
        page.heading("May tell");
        for (word, text) in &step.tells {
            page.fill(
                2,
                4,
                &[
                    span(format!("{word}  "), WordStyle::Dim),
                    unstyled(text.clone()),
                ],
            );
        }
    }
    if step.same_key {
        page.gap();
        page.fill(
            0,
            0,
            &[unstyled(
                "It changes the meaning of a key that stays, so it runs only when the version that the \
                 values are for is certain.",
            )],
        );
    }
    if !step.needs.is_empty() {
        page.gap();
        page.fill(
            0,
            0,
            &[unstyled(format!("Needs: {}", step.needs.join(", ")))],
        );
    }
    may_ask(&mut page, step);
    page.finish()
}

/// The questions of a step, with their options and what these need.
fn may_ask(page: &mut Page, step: &StepPage) {
    for question in &step.questions {
        page.heading("May ask");
        page.fill(2, 2, &[unstyled(question.text.clone())]);
        for option in &question.options {
            let mark = if option.recommended { "*" } else { "-" };
            page.bullet(
                4,
                mark,
                WordStyle::Good,
                &[
                    span(option.id.clone(), WordStyle::Bold),
                    unstyled(format!(": {}", option.title)),
                    span(
                        if option.recommended {
                            " (recommended)"
                        } else {
                            ""
                        },
                        WordStyle::Good,
                    ),
                ],
            );
            for (name, title) in &option.inputs {
                page.fill(
                    8,
                    10,
                    &[
                        span(format!("--answer {}.{name}=…", step.id), WordStyle::Accent),
                        span(format!("  {title}"), WordStyle::Dim),
                    ],
                );
            }
        }
    }
}
