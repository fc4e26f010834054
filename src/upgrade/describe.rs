//! What a release came to, in the words of the outcome.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use super::{Request, fault, mentions, release::Worked, undecided};
use crate::{
    carrier::raise,
    facts,
    load::{Sealed, Workspace},
    migrate::{self, LedgerEntry, StepState},
    outcome::{
        ChartSign, Clue, FactChange, Fate, FilePosition, KnownBy, LeafFate, Notice, NoticeSeverity,
        QuestionValue, Refusal, Release, ReportedChange, ReportedFile, ReportedInput,
        ReportedOption, ReportedQuestion, ReportedStep, State, Task, Told, Values, digest_of,
    },
    pack::{Known, When, expr::describe_value},
    questions::RAISED_FIRST,
    tell,
    values::{
        Map, Path, Value, leaves,
        lookup::NodeLookup,
        merge::{hand_down, merge_all},
        view::View,
    },
    yaml::NodeId,
};

/// The advice for Helm itself at the command line. GitOps tools always set all values anew.
const RESET_VALUES: &str = "Use `helm upgrade --reset-values`; --reuse-values keeps old defaults.";

/// Describes a release, with its files as they are after all edits.
pub(super) fn release(
    workspace: &Workspace,
    worked: Worked<'_>,
    files: &BTreeMap<usize, Arc<ReportedFile>>,
    request: &Request,
) -> Result<Release, Vec<Refusal>> {
    // Most leaves of a large file have nothing to do with what changes.
    let changes = worked.migrated.steps.iter().flat_map(|step| &step.changes);
    let changed: HashSet<_> = changes
        .map(|change| change.path.segments().first())
        .collect();
    let is_near = |path: &Path| {
        let first = path.segments().first();
        changed.contains(&first) || changed.contains(&None)
    };
    let leaves = worked.migrated.ledger.entries.iter();
    let fates = leaves
        .filter(|entry| is_near(&entry.source.path))
        .map(|entry| (entry.source.layer, &entry.source.path, entry.fate));
    let mut fates: Vec<_> = fates.collect();
    fates.sort_by_key(|(layer, path, _)| (*layer, *path));
    let edited = worked.parts.iter().enumerate().map(|(layer, part)| {
        let block = *worked.wanted.layers.get(layer)?;
        let file = files.get(&workspace.blocks[block].file)?;
        let alone = Arc::ptr_eq(&file.after, &part.text);
        part.view(&workspace.blocks[block]).filter(|_| alone)
    });
    let edited: Vec<Option<View<'_>>> = edited.collect();
    let edited = edited.iter().map(|view| view.as_ref().map(NodeLookup::new));
    // What Helm itself reads is not left unread, although no template looks at it.
    let helms = mentions::conditions(&worked);
    let description = Description {
        workspace,
        worked: &worked,
        before: worked.views.iter().map(NodeLookup::new).collect(),
        after: edited.collect(),
        fates,
        helms: &helms,
    };
    let release = description.release(files);
    let mut release = release.map_err(|refusal| vec![*refusal])?;
    if !request.in_short {
        release.digest = digest_of(&release.files);
        release.facts = description.facts().map_err(|refusal| vec![*refusal])?;
    }
    if request.with_values {
        release.values = description.values().map(Arc::new);
    }
    drop(description);
    // Last, and out of what the migrations came to: of a large file this is the largest thing there is.
    let ledger = worked.migrated.ledger;
    let is_helms = |entry: &LedgerEntry| is_read_by_helm(entry, &helms);
    release.kept = ledger.kept + ledger.entries.iter().filter(|it| is_helms(it)).count();
    release.ledger.reserve_exact(ledger.entries.len());
    let names = worked.wanted.layers.iter();
    let names = names.map(|block| Arc::from(workspace.file_of(*block).name.as_str()));
    let names: Vec<Arc<str>> = names.collect();
    let entries = ledger.entries.into_iter().filter(|it| !is_helms(it));
    release.ledger.extend(entries.map(|entry| LeafFate {
        file: Arc::clone(&names[entry.source.layer]),
        path: entry.source.path,
        fate: entry.fate,
        to: entry.to,
        step: entry.step,
    }));
    Ok(release)
}

/// True for a leaf that no template looks at, and Helm itself does.
fn is_read_by_helm(entry: &LedgerEntry, helms: &[Path]) -> bool {
    entry.fate == Fate::Left && helms.contains(&entry.source.path)
}

/// The note on values that are not known because a layer cannot be read.
fn unknown_values_note(layer: &Sealed) -> String {
    let name = &layer.name;
    match &layer.values {
        Some(_) => format!(
            "{name} cannot be read: both charts were rendered with made-up values in place of what it hides"
        ),
        None => format!(
            "{name} cannot be read: what it sets is missing in both renderings, so nothing is said of it"
        ),
    }
}

/// Marks questions that several releases ask about different values: one answer would be wrong for
/// one of them, so each has to name its release.
pub(super) fn scopes(releases: &mut [Release]) {
    type QuestionOfValues = (String, String, Vec<(String, String)>);
    let asked = |release: &Release| -> Vec<QuestionOfValues> {
        let asked = release.steps.iter().filter_map(|step| {
            let evidence = step.question.as_ref()?.evidence.iter();
            let evidence = evidence.map(|evidence| (evidence.path.clone(), evidence.recorded()));
            Some((step.id.clone(), release.chart.clone(), evidence.collect()))
        });
        asked.collect()
    };
    let all: Vec<QuestionOfValues> = releases.iter().flat_map(asked).collect();
    // By question: what it was first asked about, and whether it was never asked about anything else.
    let mut alike: HashMap<&str, (&QuestionOfValues, bool)> = HashMap::new();
    for one in &all {
        let (first, is_alike) = alike.entry(&one.0).or_insert((one, true));
        *is_alike &= *first == one;
    }
    for release in releases {
        let Some(name) = release.name.clone() else {
            continue;
        };
        // Which version a manifest's values are for is a matter of that manifest.
        let scoped = |id: &str| release.carrier.is_none() || id == RAISED_FIRST;
        for step in release.steps.iter_mut().filter(|step| scoped(&step.id)) {
            let differs = alike
                .get(step.id.as_str())
                .is_some_and(|(_, is_alike)| !is_alike);
            if differs && let Some(question) = &mut step.question {
                question.scope = Some(name.clone());
            }
        }
    }
}

struct Description<'d, 'w> {
    workspace: &'w Workspace,
    worked: &'d Worked<'w>,
    /// The layers as they were read.
    before: Vec<NodeLookup<'d, 'w>>,
    /// The layers as they will be. Nothing where other blocks of the file are edited too: then the lines are not
    /// those of the layer's own text.
    after: Vec<Option<NodeLookup<'d, 'd>>>,
    /// Of what may be changed, sorted by layer and path: a file may have thousands of changes, and each looks up what it
    /// came to.
    fates: Vec<(usize, &'d Path, Fate)>,
    /// The settings that Helm itself reads.
    helms: &'d [Path],
}

impl Description<'_, '_> {
    fn release(&self, all: &BTreeMap<usize, Arc<ReportedFile>>) -> Result<Release, Box<Refusal>> {
        let Worked {
            wanted,
            pack,
            signs,
            detection,
            known_by,
            plan,
            migrated,
            ..
        } = self.worked;
        let mut files: Vec<Arc<ReportedFile>> = Vec::new();
        let layers = wanted
            .layers
            .iter()
            .map(|block| self.workspace.blocks[*block].file);
        let manifest = wanted.pin.iter().map(|pin| pin.file);
        let holder = wanted.carrier.iter().map(|_| wanted.holder);
        // A path in a third file may follow a setting.
        let mentioned = wanted.mentions.iter().map(|mention| mention.file);
        let mentioned = mentioned.filter(|file| all.get(file).is_some_and(|file| file.changed));
        for file in holder.chain(layers).chain(manifest).chain(mentioned) {
            let file = all.get(&file);
            let new =
                |file: &&Arc<ReportedFile>| !files.iter().any(|other| Arc::ptr_eq(other, file));
            if let Some(file) = file.filter(new) {
                files.push(Arc::clone(file));
            }
        }
        let clues = detection.clues.iter().map(|clue| Clue {
            at: self.place(&clue.path),
            path: clue.path.clone(),
            versions: clue.versions.to_string(),
            strength: clue.strength,
            why: clue.why.clone(),
        });
        let signs = signs.iter().map(|sign| ChartSign {
            at: self.place(&sign.path),
            path: sign.path.clone(),
            why: sign.why.clone(),
        });
        let stale = self.stale_notices();
        Ok(Release {
            name: wanted.is_named.then(|| wanted.name.clone()),
            called: wanted.name.clone(),
            release_name: wanted.release_name.clone(),
            carrier: wanted.carrier.clone(),
            chart: plan.origin().pack.info.chart.clone(),
            pack: plan.origin().pack.origin(),
            to_chart: plan.before.as_ref().map(|_| pack.info.chart.clone()),
            chart_told_by: signs.collect(),
            known_by: *known_by,
            same_from: {
                let first = detection.candidates.first();
                let older = first
                    .filter(|first| *known_by == KnownBy::Content && **first < plan.origin().from);
                older.cloned()
            },
            evidence: clues.collect(),
            from: plan.origin().from.clone(),
            to: plan.to.clone(),
            digest: String::new(),
            steps: migrated.steps.iter().map(|step| self.step(step)).collect(),
            notices: self.notices(&stale)?,
            stale,
            held_by: None,
            ledger: Vec::new(),
            kept: 0,
            facts: Vec::new(),
            checklist: self.checklist(),
            sources: self.sources(),
            part_of: wanted.part_of.clone(),
            files,
            values: None,
        })
    }

    /// The facts, with the open questions that decide them.
    fn facts(&self) -> Result<Vec<FactChange>, Box<Refusal>> {
        let worked = self.worked;
        let facts = facts::changes(&worked.views, &worked.migrated.layers, &worked.plan);
        let mut facts = facts.map_err(|e| fault(&e, &worked.wanted.name))?;
        undecided::mark(worked, &mut facts);
        Ok(facts)
    }

    /// The names of the files that a release of plain files is made of, in Helm's order.
    fn sources(&self) -> Vec<std::path::PathBuf> {
        let wanted = self.worked.wanted;
        if wanted.carrier.is_some() {
            return Vec::new();
        }
        let sealed = |below: usize| {
            let layers = wanted
                .sealed
                .iter()
                .filter(move |layer| layer.below == below);
            layers.filter_map(|layer| layer.path.clone())
        };
        let mut sources: Vec<_> = sealed(0).collect();
        for (index, block) in wanted.layers.iter().enumerate() {
            sources.extend(self.workspace.file_of(*block).path.clone());
            sources.extend(sealed(index + 1));
        }
        sources
    }

    /// The merged values; `None` if there are none. What cannot be read of them is made up or missing,
    /// before and afterwards alike.
    fn values(&self) -> Option<Values> {
        let worked = self.worked;
        let before: Option<Vec<Map>> = worked.views.iter().map(|view| view.values().ok()).collect();
        let layers = worked.migrated.layers.iter().zip(&worked.views);
        let after: Option<Vec<Map>> = layers
            .map(|(node, view)| match node.value(view) {
                Ok(Value::Map(map)) => Some(map),
                Ok(Value::Null) => Some(Map::new()),
                Ok(_) | Err(_) => None,
            })
            .collect();
        let sealed = &worked.wanted.sealed;
        let merged = |mut layers: Vec<Map>| {
            // From the last one, so that the places of the others stay.
            for layer in sealed.iter().rev() {
                layers.splice(layer.below..layer.below, layer.values.clone());
            }
            merge_all(layers)
        };
        let (mut before, mut after) = (merged(before?), merged(after?));
        for values in [&mut before, &mut after] {
            hand_down(values, &worked.plan.global);
        }
        let places = leaves(&before)
            .into_iter()
            .filter_map(|(path, _)| {
                let place = self.place(&path)?;
                Some((path, place))
            })
            .collect();
        Some(Values {
            places,
            before: serde_json::Value::from(&Value::Map(before)),
            after: serde_json::Value::from(&Value::Map(after)),
            unknown: sealed.iter().map(unknown_values_note).collect(),
            made_up: {
                let paths = sealed.iter().flat_map(|layer| &layer.made_up);
                paths.cloned().collect()
            },
        })
    }

    /// Old keys in files that were edited since they were written for the version that is recorded.
    fn stale_notices(&self) -> Vec<Notice> {
        let Worked {
            wanted,
            plan,
            migrated,
            ..
        } = self.worked;
        let edited = |layer: usize| {
            let block = wanted.layers[layer];
            wanted.edited.contains(&self.workspace.blocks[block].file)
        };
        let plan = plan.origin();
        let pack = plan.pack;
        let older = |path: &Path| {
            let versions = pack.info.versions.keys().rev();
            versions
                .filter(|version| **version < plan.from)
                .find(|version| pack.keys.known(path, version) == Known::Read)
        };
        let left = migrated.ledger.entries.iter();
        left.filter(|entry| entry.fate == Fate::Left && edited(entry.source.layer))
            .filter(|entry| pack.keys.known(&entry.source.path, &plan.from) == Known::Unknown)
            .filter_map(|entry| {
                let last = older(&entry.source.path)?;
                Some(Notice {
                    at: Some(self.at(entry.source.layer, entry.source.node)),
                    severity: NoticeSeverity::Action,
                    path: Some(entry.source.path.clone()),
                    text: format!(
                        "{} was last read by {} {last}; {} ignores it. {}",
                        entry.source.path,
                        pack.info.chart,
                        plan.from,
                        self.step_that_takes(&entry.source.path).map_or_else(
                            || "Remove it.".to_owned(),
                            |id| format!(
                                "`refit explain {id}` tells what came instead; or remove it."
                            )
                        )
                    ),
                })
            })
            .collect()
    }

    /// The step that took a setting on the way to the version that the values are for.
    fn step_that_takes(&self, path: &Path) -> Option<&str> {
        let plan = self.worked.plan.origin();
        let pack = plan.pack;
        let passed = pack
            .migrated_versions()
            .filter(|version| **version <= plan.from);
        let migrations = passed.flat_map(|version| pack.migrations(version).unwrap_or_default());
        let steps = migrations.flat_map(|migration| &migration.steps);
        let takes =
            |step: &&crate::pack::Step| step.takes.iter().any(|take| take.path.may_overlap(path));
        // The last one: where an earlier one put it is no place any more.
        steps.filter(takes).last().map(|step| step.id.as_str())
    }

    fn checklist(&self) -> Vec<Task> {
        let task = |when, text| Task {
            when,
            text,
            step: None,
        };
        let Worked { wanted, plan, .. } = self.worked;
        let before = wanted.before.iter();
        let mut tasks: Vec<Task> = before
            .map(|text| task(When::Before, text.clone()))
            .collect();
        let own = tasks.len();
        for step in &self.worked.migrated.steps {
            for (when, text) in &step.todo {
                if !tasks[own..].iter().any(|task| task.text == *text) {
                    tasks.push(Task {
                        step: Some(step.id.clone()),
                        ..task(*when, text.clone())
                    });
                }
            }
        }
        if wanted.carrier.is_none() && plan.all_migrations().next().is_some() {
            tasks.push(task(When::With, RESET_VALUES.to_owned()));
        }
        tasks.extend(self.copied().map(|text| task(When::With, text)));
        tasks.extend(self.locked().map(|text| task(When::With, text)));
        tasks.extend(
            mentions::succeeded(self.worked)
                .1
                .map(|text| task(When::With, text)),
        );
        tasks.extend(self.not_continued().map(|text| task(When::After, text)));
        tasks.sort_by_key(|task| task.when);
        for task in &mut tasks {
            task.text = self.with_name(&task.text);
        }
        tasks
    }

    /// The note on the chart that takes the place of one without a newer version than the one reached.
    fn not_continued(&self) -> Option<String> {
        let Worked { pack, plan, .. } = self.worked;
        let by = pack.info.replaced_by.as_ref()?;
        if plan.to < *pack.newest_release() {
            return None;
        }
        let (chart, other, since) = (&pack.info.chart, &by.chart, &by.version);
        let link = by.link.iter().map(|link| format!(" ({link})"));
        let how = match pack.successor() {
            Ok(Some(_)) => {
                format!("To bring the values there: --chart {chart} --to {other}={since}.")
            }
            _ => "refit does not bring values there.".to_owned(),
        };
        Some(format!(
            "{chart} is not continued: {other} from {} takes its place, from its version {since} on{}. {how}",
            by.repository,
            link.collect::<String>()
        ))
    }

    /// The task about a copy of the chart that is kept among the files and is of another version.
    fn copied(&self) -> Option<String> {
        let Worked {
            wanted, plan, pack, ..
        } = self.worked;
        let copy = wanted.copy.as_ref()?;
        if raise(&copy.text, &plan.to).is_some_and(|raised| raised == copy.text) {
            return None;
        }
        let file = &self.workspace.files[copy.file];
        let at = file.at(file.tree.span(copy.node).start);
        Some(format!(
            "The chart itself is kept here: {}:{} says that it is {}. Put {} {} in its place, with what you changed in it; refit does not edit it.",
            at.file, at.line, copy.text, pack.info.chart, plan.to
        ))
    }

    /// The task about the lock file of an umbrella chart whose dependency is raised: only Helm can write it, with the
    /// digest of the chart in the repository.
    fn locked(&self) -> Option<String> {
        let Worked { wanted, plan, .. } = self.worked;
        let pin = wanted
            .pin
            .as_ref()
            .filter(|pin| pin.is_version && !pin.is_of_copy)?;
        if raise(&pin.text, &plan.to).is_none_or(|raised| raised == pin.text) {
            return None;
        }
        let file = &self.workspace.files[pin.file];
        let path = file.path.as_deref()?;
        let lock = match path.file_name()?.to_str()? {
            "Chart.yaml" => "Chart.lock",
            "requirements.yaml" => "requirements.lock",
            _ => return None,
        };
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(".".as_ref());
        folder.join(lock).is_file().then(|| {
            let folder = folder.display();
            format!("Run `helm dependency update {folder}`: {lock} holds the old version.")
        })
    }

    /// A text of a pack with the release's name in it; where that is not known, a sign for it.
    fn with_name(&self, text: &str) -> String {
        let name = self.worked.wanted.release_name.as_deref();
        text.replace("RELEASE-", &format!("{}-", name.unwrap_or("<release>")))
    }

    /// The notices about the files, about the result where no step speaks, and about the comments of other programs.
    /// Stale settings are reported as such.
    fn notices(&self, stale: &[Notice]) -> Result<Vec<Notice>, Box<Refusal>> {
        let worked = self.worked;
        let subject = tell::Subject {
            pack: worked.pack,
            from: &worked.plan.from,
            to: &worked.plan.to,
            views: &worked.views,
            migrated: &worked.migrated,
        };
        let told = tell::notices(subject).map_err(|e| fault(&e, &worked.wanted.name))?;
        let told = told.into_iter().map(|told| Notice {
            at: Some(self.at(told.layer, told.node)),
            severity: told.severity,
            text: told.text,
            path: Some(told.path),
        });
        let said = |told: &Notice| {
            let of = |old: &Notice| old.path.as_ref().is_some_and(|path| told.is_about(path));
            stale.iter().any(of)
        };
        let is_helms = |told: &Notice| {
            let path = told.path.as_ref();
            path.is_some_and(|path| self.helms.contains(path))
        };
        let told = told.filter(|told| !said(told) && !is_helms(told));
        let marks = worked.marks.iter().filter_map(|mark| {
            Some(Notice {
                at: Some(self.at(mark.layer, mark.node)),
                severity: NoticeSeverity::Action,
                text: mark.notice()?,
                path: None,
            })
        });
        let of_files = worked.wanted.notices.iter().chain(&worked.notices).cloned();
        Ok(of_files.chain(told).chain(marks).collect())
    }

    fn file(&self, layer: usize) -> &str {
        let block = self.worked.wanted.layers[layer];
        &self.workspace.file_of(block).name
    }

    fn at(&self, layer: usize, node: NodeId) -> FilePosition {
        let tree = self.worked.views[layer].tree();
        let node = tree.key_of(node).unwrap_or(node);
        self.workspace
            .block_in_file(self.worked.wanted.layers[layer])
            .at(node)
    }

    /// The place of a path, in the right-most layer that has it.
    fn place(&self, path: &Path) -> Option<FilePosition> {
        let mut layers = self.before.iter().enumerate().rev();
        layers.find_map(|(layer, lookup)| Some(self.at(layer, lookup.node(path)?)))
    }

    /// The place of a setting before a step changed it.
    fn place_before(&self, change: &migrate::Change) -> Option<FilePosition> {
        let node = self.before.get(change.layer)?.node(&change.path)?;
        Some(self.at(change.layer, node))
    }

    /// The place of a setting in the file as it will be, if that can be told.
    fn place_after(&self, change: &migrate::Change) -> Option<FilePosition> {
        let path = match change.fate {
            Fate::Written => &change.path,
            _ => change.to.as_ref()?,
        };
        let lookup = self.after.get(change.layer)?.as_ref()?;
        let tree = lookup.view().tree();
        let node = lookup.node(path)?;
        let node = tree.key_of(node).unwrap_or(node);
        let position = tree.position(tree.span(node).start);
        Some(FilePosition {
            file: self.file(change.layer).to_owned(),
            line: position.line,
            column: position.column,
        })
    }

    /// The fate of the setting that a step changed. The ledger knows: a step that moves a value cannot see that another
    /// made it one with it, and the steps' fates have to agree with the sum. Where the ledger has no single word (a map
    /// whose parts went different ways, a value that several steps had in hand), it is the fate that the step names.
    fn fate(&self, change: &migrate::Change) -> Fate {
        let own = change.fate;
        if own == Fate::Written {
            return own;
        }
        let before =
            |(layer, path, _): &(usize, &Path, _)| (*layer, *path) < (change.layer, &change.path);
        let leaves = &self.fates[self.fates.partition_point(before)..];
        let below = leaves.iter().take_while(|(layer, path, _)| {
            *layer == change.layer && path.starts_with(&change.path)
        });
        let fates: BTreeSet<Fate> = below.map(|(.., fate)| *fate).collect();
        match fates.into_iter().collect::<Vec<_>>()[..] {
            [fate] => fate,
            _ => own,
        }
    }

    fn step(&self, step: &migrate::StepReport) -> ReportedStep {
        let (mut waits_for, mut loses) = (Vec::new(), Vec::new());
        let state = match &step.state {
            StepState::Done => State::Done,
            StepState::Open => State::Open,
            StepState::Waiting(ids) => {
                waits_for.clone_from(ids);
                State::Waiting
            }
            StepState::LeftOut(paths) => {
                loses.clone_from(paths);
                State::LeftOut
            }
        };
        let changes = step.changes.iter().map(|change| ReportedChange {
            fate: self.fate(change),
            left_over: change.left_over,
            path: change.path.clone(),
            to: change.to.clone(),
            from: change.from.clone(),
            value: serde_json::Value::from(&change.value),
            file: self.file(change.layer).to_owned(),
            at: self.place_before(change),
            now_at: self.place_after(change),
        });
        let question = step.decision.as_ref().map(|decision| ReportedQuestion {
            text: decision.question.clone(),
            evidence: decision
                .evidence
                .iter()
                .map(|evidence| QuestionValue {
                    path: evidence.path.clone(),
                    value: evidence
                        .value
                        .as_ref()
                        .map(|value| describe_value(Some(value))),
                    remark: evidence.remark.clone(),
                    at: evidence
                        .source
                        .as_ref()
                        .map(|source| self.at(source.layer, source.node)),
                })
                .collect(),
            options: decision
                .options
                .iter()
                .map(|offer| ReportedOption {
                    id: offer.id.clone(),
                    title: offer.title.clone(),
                    recommended: offer.recommended,
                    inputs: offer
                        .inputs
                        .iter()
                        .map(|input| ReportedInput {
                            name: input.name.clone(),
                            title: input.title.clone(),
                            default: input.default.clone(),
                            matches: input.matches.clone(),
                            list: input.list,
                        })
                        .collect(),
                })
                .collect(),
            answer: decision.answer.as_ref().map(|answer| answer.option.clone()),
            inputs: decision
                .answer
                .as_ref()
                .map(|answer| answer.inputs.clone())
                .unwrap_or_default(),
            lacking: decision.lacking.clone(),
            scope: None,
        });
        ReportedStep {
            id: step.id.clone(),
            version: step.version.clone(),
            title: step.title.clone(),
            why: step.why.clone(),
            link: step.link.clone(),
            drafted: step.is_drafted,
            state,
            waits_for,
            loses,
            changes: changes.collect(),
            tell: step
                .tell
                .iter()
                .map(|told| Told {
                    severity: told.severity,
                    text: self.with_name(&told.text),
                })
                .collect(),
            question,
        }
    }
}
