//! One run, stage by stage, with everything kept that a law is about.

use std::{collections::BTreeMap, sync::Arc};

use refit::{
    block::TextFile,
    edit::{EditError, edit},
    load::{InputFile, load},
    migrate::{Answer, Answers, Decision, Fate, MigrateError, Migrated, StepState, migrate},
    pack::{Pack, PackError},
    plan::{Plan, Selection},
    values::{Map, Value, View, leaves},
    verify::oracle,
    yaml::{RewriteError, Tree},
};
use semver::Version;

use super::choice::Choices;

/// A run that came to an end.
pub struct Done {
    pub before: TextFile,
    pub migrated: Migrated,
    pub after: Arc<str>,
    pub edited: bool,
    /// The values before, and those that the migrations came to.
    pub old: Map,
    pub new: Map,
    pub removed_comments: Vec<String>,
}

/// What may happen instead of a result, by kind.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    Load(String),
    Edit(&'static str),
    Clash,
    Pack(String),
}

impl Refused {
    pub fn kind(&self) -> String {
        match self {
            Self::Load(what) => format!("refused on loading: {what}"),
            Self::Edit(what) => format!("refused on editing: {what}"),
            Self::Clash => "refused: two steps write one place".to_owned(),
            Self::Pack(what) => format!("refused: {what}"),
        }
    }
}

/// Runs a pack over one file. The outer error is a fault: something that must never happen.
pub fn run(
    pack: &Pack,
    text: &[u8],
    from: &Version,
    to: &Version,
    answers: &Answers,
    selection: &Selection,
    recommended: bool,
) -> Result<Result<Done, Refused>, String> {
    let before = match load(&InputFile::Stdin(text.to_vec())) {
        Ok(loaded) => loaded,
        Err(error) => return Ok(Err(Refused::Load(refit::refusal::load(&error).what))),
    };
    let plan = Plan::new(pack, from, to, selection).map_err(|e| format!("no plan: {e}"))?;
    let view = before.view();
    let migrated = match migrate(&[&view], &plan, answers, recommended) {
        Ok(migrated) => migrated,
        Err(MigrateError::Pack(PackError::Clash { .. })) => return Ok(Err(Refused::Clash)),
        Err(MigrateError::Pack(error)) => return Ok(Err(Refused::Pack(error.to_string()))),
        Err(error) => return Err(format!("not migrated: {error}")),
    };
    let node = &migrated.layers[0];
    let old = view.values().map_err(|e| e.to_string())?;
    let new = match node.value(&view).map_err(|e| e.to_string())? {
        Value::Map(new) => new,
        Value::Null => Map::new(),
        other => return Err(format!("the migrated root is no map but {other:?}")),
    };
    let rewrite = match edit(&view, node, 0, false) {
        Ok(rewrite) => rewrite,
        Err(error) => return edit_error(&error).map(|what| Err(Refused::Edit(what))),
    };
    let after: Arc<str> = rewrite.edits.apply(&before.text).into();
    let removed_comments = rewrite
        .removed_comments
        .iter()
        .map(|span| before.text[span.clone()].to_owned())
        .collect();
    let shown = || format!("\n=== after\n{after}");
    let tree = Tree::parse(Arc::clone(&after))
        .map_err(|e| format!("the edited text is not YAML: {e}{}", shown()))?;
    if tree.documents().len() != 1 {
        return Err(format!("the edited text has several documents{}", shown()));
    }
    let again = View::new(&tree, tree.documents()[0].root);
    oracle(node, &view, &again).map_err(|e| format!("oracle: {e}{}", shown()))?;
    let edited = !rewrite.edits.is_empty();
    drop(plan);
    Ok(Ok(Done {
        migrated,
        edited,
        old,
        new,
        after,
        removed_comments,
        before,
    }))
}

/// The kind of an error that is a proper refusal; else a fault.
fn edit_error(error: &EditError) -> Result<&'static str, String> {
    Ok(match error {
        EditError::Shared(_) | EditError::Anchored { .. } => "through an alias or a merge key",
        EditError::Duplicate { .. } => "a duplicate key",
        EditError::Key { .. } => "a key that cannot be written",
        EditError::Text(RewriteError::ComplexKey { .. }) => "a complex key",
        EditError::Text(RewriteError::CommentInFlow { .. }) => "a comment into a flow collection",
        EditError::Text(RewriteError::AnchorLost { .. }) => "an alias would lose its anchor",
        other => return Err(format!("not edited: {other}")),
    })
}

/// The fate of a leaf, `None` for one that stayed; where it is now; the step that is named.
pub type SeenFate = (Option<Fate>, Vec<String>, Option<String>);

impl Done {
    pub fn open(&self) -> impl Iterator<Item = &Decision> {
        self.migrated
            .steps
            .iter()
            .filter(|step| step.state == StepState::Open)
            .filter_map(|step| step.decision.as_ref())
    }

    pub fn text(&self) -> &str {
        &self.before.text
    }

    /// Every leaf of the input with its fate; `None` for one that stayed.
    pub fn fates(&self) -> Result<BTreeMap<String, SeenFate>, String> {
        let mut fates = BTreeMap::new();
        for (path, _) in leaves(&self.old) {
            fates.insert(path.to_string(), (None, Vec::new(), None));
        }
        let all = fates.len();
        let mut seen = 0;
        for entry in &self.migrated.ledger.entries {
            let path = entry.source.path.to_string();
            let to = entry.to.iter().map(ToString::to_string).collect();
            match fates.get_mut(&path) {
                None => return Err(format!("ledger: {path} is no leaf of the input")),
                Some((Some(_), ..)) => return Err(format!("ledger: {path} has two fates")),
                Some(fate) => *fate = (Some(entry.fate), to, entry.step.clone()),
            }
            seen += 1;
        }
        let kept = self.migrated.ledger.kept;
        if kept + seen != all {
            return Err(format!(
                "ledger: {all} leaves, {kept} kept and {seen} with another fate"
            ));
        }
        Ok(fates)
    }
}

/// Answers to what is open, at random.
pub fn answer(choices: &mut Choices, done: &Done, answers: &mut Answers) {
    for decision in done.open() {
        let offer = choices.pick(&decision.options).clone();
        let mut inputs = BTreeMap::new();
        for input in &offer.inputs {
            if input.default.is_none() || choices.once_in(2) {
                let typed = format!("typed{}", choices.below(3));
                let known = [&typed, "1.2.3", "s3://typed/here", "typed/image"];
                let fits = known.into_iter().find(|text| input.check(text).is_ok());
                inputs.insert(input.name.clone(), fits.unwrap_or(&typed).to_owned());
            }
        }
        answers.insert(
            decision.id.clone(),
            Answer {
                option: offer.id,
                inputs,
                evidence: None,
            },
        );
    }
}

/// Runs until no question is open.
pub fn answered(
    choices: &mut Choices,
    pack: &Pack,
    text: &[u8],
    from: &Version,
    to: &Version,
) -> Result<Result<(Done, Answers), Refused>, String> {
    let mut answers = Answers::new();
    for _ in 0..30 {
        let done = match run(pack, text, from, to, &answers, &Selection::default(), false)? {
            Ok(done) => done,
            Err(refused) => return Ok(Err(refused)),
        };
        if done.open().next().is_none() {
            return Ok(Ok((done, answers)));
        }
        answer(choices, &done, &mut answers);
    }
    Err("questions do not end".to_owned())
}
