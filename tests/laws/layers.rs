//! The layer law, measured: merging the migrated layers means the same as migrating the merged layers.

use refit::{
    load::{InputFile, load},
    migrate::{Answers, MigrateError, StepState, together::migrate_layers},
    pack::{Pack, PackError},
    plan::{Plan, Selection},
    values::{
        Map, Value, View,
        coalesce::{ChartDefaults, HelmMajor, coalesce},
        merge::merge_all,
        write::{Layout, block},
    },
    verify::oracle,
    yaml::Tree,
};
use semver::Version;

use super::{
    choice::{Choices, survey},
    documents::document,
    engine::answered,
    generated::Case,
};

/// Values under a chart's defaults, as templates see them.
pub fn rendered(pack: &Pack, version: &Version, values: &Map) -> Map {
    let chart = ChartDefaults {
        name: "generated".to_owned(),
        values: pack.keys.default_values(version).map().clone(),
        dependencies: Vec::new(),
    };
    coalesce(HelmMajor::V3, &chart, values).map_or_else(|_| Map::new(), |done| done.values)
}

/// The merged values, the texts of the layers, and the steps that are open.
pub type Layered = (Map, Vec<String>, Vec<String>);

/// What the layers come to after their migration, each edited and read again.
pub fn migrated_layers(
    pack: &Pack,
    texts: &[String],
    from: &Version,
    to: &Version,
    answers: &Answers,
) -> Result<Result<Layered, String>, String> {
    let mut loaded = Vec::new();
    for text in texts {
        match load(&InputFile::Stdin(text.clone().into_bytes())) {
            Ok(layer) => loaded.push(layer),
            Err(error) => return Ok(Err(refit::refusal::load(&error).what)),
        }
    }
    let views: Vec<View<'_>> = loaded.iter().map(refit::block::TextFile::view).collect();
    let refs: Vec<&View<'_>> = views.iter().collect();
    let plan = Plan::new(pack, from, to, &Selection::default()).map_err(|e| e.to_string())?;
    let migrated = match migrate_layers(&refs, &plan, answers, false) {
        Ok(migrated) => migrated,
        Err(MigrateError::Pack(PackError::Clash { .. })) => {
            return Ok(Err("two steps write one place".to_owned()));
        }
        Err(error @ MigrateError::Layers { .. }) => return Ok(Err(error.to_string())),
        Err(error) => return Err(format!("not migrated: {error}")),
    };
    let mut values = Vec::new();
    let mut after = Vec::new();
    for (i, (layer, view)) in loaded.iter().zip(&views).enumerate() {
        let node = &migrated.layers[i];
        let rewrite = match refit::edit::edit(view, node, i, false) {
            Ok(rewrite) => rewrite,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let text = rewrite.edits.apply(&layer.text);
        let tree =
            Tree::parse(text.clone()).map_err(|e| format!("layer {i} is not YAML: {e}\n{text}"))?;
        let again = View::new(&tree, tree.documents()[0].root);
        oracle(node, view, &again).map_err(|e| format!("oracle: layer {i}: {e}\n{text}"))?;
        values.push(again.values().map_err(|e| e.to_string())?);
        after.push(text);
    }
    let open = migrated
        .steps
        .iter()
        .filter(|step| step.state == StepState::Open)
        .map(|step| step.id.clone());
    Ok(Ok((merge_all(values), after, open.collect())))
}

/// The step whose outputs or inputs the difference is about.
fn class(case: &Case, a: &Map, b: &Map) -> String {
    let differing: Vec<String> = a
        .keys()
        .chain(b.keys())
        .filter(|key| a.get(*key) != b.get(*key))
        .cloned()
        .collect();
    let mut titles = std::collections::BTreeSet::new();
    for version in case.pack.migrated_versions() {
        if *version <= case.version(case.from) || *version > case.version(case.to) {
            continue;
        }
        let Ok(Some(migration)) = case.pack.migration(version) else {
            continue;
        };
        for step in &migration.steps {
            let touches = |path: &refit::values::Path| matches!(path.segments().first(), Some(refit::values::Segment::Key(key)) if differing.contains(key));
            if step.written_paths().any(touches)
                || step.takes.iter().any(|take| touches(&take.path))
            {
                titles.insert(step.title.clone());
            }
        }
    }
    titles.into_iter().collect::<Vec<_>>().join(" + ")
}

fn measure(choices: &mut Choices) -> Result<Option<String>, String> {
    let case = Case::new(choices)?;
    let (from, to) = (case.version(case.from), case.version(case.to));
    let mut texts = vec![case.text.clone()];
    for _ in 0..1 + choices.below(2) {
        texts.push(document(choices, &case.generated, case.from));
    }
    let read = |text: &String| -> Option<Map> {
        load(&InputFile::Stdin(text.clone().into_bytes()))
            .ok()?
            .view()
            .values()
            .ok()
    };
    let Some(values) = texts.iter().map(read).collect::<Option<Vec<Map>>>() else {
        choices.count("a layer refused");
        return Ok(None);
    };
    let merged = merge_all(values);
    let text = if merged.is_empty() {
        "{}\n".to_owned()
    } else {
        block(&Value::Map(merged), &Layout::default())
    };
    let shown = |what: &str, after: &[String]| {
        let layers: Vec<String> = texts
            .iter()
            .zip(after.iter().map(Some).chain(std::iter::repeat(None)))
            .map(|(before, after)| {
                format!(
                    "--- layer\n{before}--- becomes\n{}",
                    after.map_or("", String::as_str)
                )
            })
            .collect();
        format!(
            "{what}\n=== {from} to {to}\n{}\n=== pack\n{}",
            layers.join(""),
            case.generated.shown()
        )
    };
    let (whole, answers) = match answered(choices, &case.pack, text.as_bytes(), &from, &to)
        .map_err(|e| shown(&e, &[]))?
    {
        Ok(done) => done,
        Err(refused) => {
            choices.count(format!("merged {}", refused.kind()));
            return Ok(None);
        }
    };
    let (layered, after, open) = match migrated_layers(&case.pack, &texts, &from, &to, &answers)
        .map_err(|e| shown(&e, &[]))?
    {
        Ok(done) => done,
        Err(why) => {
            if why.starts_with("the layers") {
                return Ok(Some(shown(&format!("refused: {why}"), &[])));
            }
            choices.count("a layer refused on editing");
            return Ok(None);
        }
    };
    if !open.is_empty() {
        return Ok(Some(shown(
            "asks more: a question of the layers that the merged values do not have",
            &after,
        )));
    }
    let (a, b) = (
        rendered(&case.pack, &to, &layered),
        rendered(&case.pack, &to, &whole.new),
    );
    if a == b {
        choices.count("holds");
        return Ok(None);
    }
    let wanted = block(&Value::Map(whole.new.clone()), &Layout::default());
    Ok(Some(
        shown(&format!("FAILS: {}", class(&case, &a, &b)), &after)
            + &format!(
                "=== the merged layers migrated\n{wanted}=== before they were migrated\n{text}"
            ),
    ))
}

/// It holds without exception. Rarely a question is asked that the merged values would not need: nothing
/// is lost by that, and nothing is written before it is answered.
#[test]
fn layer_law() {
    let counts = survey("layer law", 100, measure);
    let count = |what: &str| {
        let matching = counts.iter().filter(|(name, _)| name.starts_with(what));
        matching.map(|(_, n)| *n).sum::<usize>()
    };
    let (holds, asks, refused) = (count("holds"), count("asks more"), count("refused"));
    println!("the layer law holds in {holds} stacks; {asks} are asked more than the merged values");
    assert_eq!(count("FAILS"), 0);
    assert!(asks * 200 <= holds, "{asks} of {holds} are asked more");
    // A stack that is refused is left as it is: that is no loss, and is to stay as rare as it was measured.
    assert!(refused * 5_000 <= holds, "{refused} of {holds} are refused");
}
