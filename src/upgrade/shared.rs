//! Layers that several releases share.
//!
//! A shared layer is one text, so it can become one text only. Mostly all its releases want the same of
//! it. Where they do not (their own layers make a guard true for one and false for the other, or they
//! are on different versions), it is asked which of them it shall follow; the others then get what differs
//! for them written out in a layer of their own. Nobody's values change by what is good for another.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Request,
    release::{Edited, Worked, edit_refusal, edited},
};
use crate::{
    edit::edit,
    load::Workspace,
    migrate::{
        Answer, Decision, Evidence, MigrateError, Node, Offer, StepReport, StepState,
        together::{self, meaning},
    },
    outcome::Refusal,
    refusal::{self, Reason},
    values::{Value, view::View},
};

/// The id of the decision, which no step may have.
pub const ID: &str = "shared-layer";

type Results<'w> = [Result<Worked<'w>, Vec<Refusal>>];

/// Settles what releases share.
pub(super) fn settle(request: &Request, workspace: &Workspace, worked: &mut Results<'_>) {
    let users = users(workspace);
    if users.is_empty() {
        return;
    }
    refuse_with_others(workspace, &users, worked);
    for group in groups(&users, worked) {
        if let Err(refusal) = group.settle(request, workspace, worked) {
            // It names them all: once is enough.
            let mut refusal = Some(*refusal);
            for release in &group.releases {
                worked[*release] = Err(refusal.take().into_iter().collect());
            }
        }
    }
}

/// The blocks that several releases use, with these releases.
fn users(workspace: &Workspace) -> BTreeMap<usize, Vec<usize>> {
    let mut users: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (release, wanted) in workspace.releases.iter().enumerate() {
        for block in &wanted.layers {
            users.entry(*block).or_default().push(release);
        }
    }
    let broken = workspace.broken.iter().flat_map(|broken| &broken.layers);
    let broken: BTreeSet<usize> = broken.copied().collect();
    users.retain(|block, releases| releases.len() > 1 || broken.contains(block));
    users
}

/// A layer is not edited for one release while another, which reads it too, cannot be upgraded.
fn refuse_with_others(
    workspace: &Workspace,
    users: &BTreeMap<usize, Vec<usize>>,
    worked: &mut Results<'_>,
) {
    let refusal = |release: usize, block: usize, other: &str| {
        *Reason::new(format!(
            "it shares {} with {other}, which cannot be upgraded",
            workspace.file_of(block).name
        ))
        .why("A shared layer that is changed for one release changes the other, too.")
        .next(format!("Look at the message for {other} first."))
        .of(&workspace.releases[release].name)
    };
    let mut next: Vec<(usize, String)> = Vec::new();
    for broken in &workspace.broken {
        next.extend(
            broken
                .layers
                .iter()
                .map(|block| (*block, broken.name.clone())),
        );
    }
    for (release, result) in worked.iter().enumerate() {
        if result.is_err() {
            let wanted = &workspace.releases[release];
            next.extend(
                wanted
                    .layers
                    .iter()
                    .map(|block| (*block, wanted.name.clone())),
            );
        }
    }
    while let Some((block, other)) = next.pop() {
        for release in users.get(&block).into_iter().flatten() {
            if worked[*release].is_err() {
                continue;
            }
            worked[*release] = Err(vec![refusal(*release, block, &other)]);
            let wanted = &workspace.releases[*release];
            next.extend(
                wanted
                    .layers
                    .iter()
                    .map(|block| (*block, wanted.name.clone())),
            );
        }
    }
}

/// Releases that want different things of the same layers.
struct Group {
    releases: BTreeSet<usize>,
    blocks: BTreeSet<usize>,
    /// Blocks that are not any one release's own.
    shared: Arc<BTreeSet<usize>>,
}

/// Where a block is among the layers of a release.
fn layer_of(worked: &Worked<'_>, block: usize) -> Option<usize> {
    worked
        .wanted
        .layers
        .iter()
        .position(|layer| *layer == block)
}

fn part_of<'a>(worked: &'a Results<'_>, release: usize, block: usize) -> Option<&'a Edited> {
    let worked = worked[release].as_ref().ok()?;
    Some(&worked.parts[layer_of(worked, block)?])
}

fn groups(users: &BTreeMap<usize, Vec<usize>>, worked: &Results<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let shared: Arc<BTreeSet<usize>> = Arc::new(users.keys().copied().collect());
    for (block, releases) in users {
        let texts: Vec<&Arc<str>> = releases
            .iter()
            .filter_map(|release| Some(&part_of(worked, *release, *block)?.text))
            .collect();
        if texts.windows(2).all(|pair| pair[0] == pair[1]) {
            continue;
        }
        let mut group = Group {
            releases: releases.iter().copied().collect(),
            blocks: BTreeSet::from([*block]),
            shared: Arc::clone(&shared),
        };
        // One question for releases that meet in several layers.
        let (meets, apart): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|other| !other.releases.is_disjoint(&group.releases));
        for other in meets {
            group.releases.extend(other.releases);
            group.blocks.extend(other.blocks);
        }
        groups = apart;
        groups.push(group);
    }
    groups
}

impl Group {
    fn settle(
        &self,
        request: &Request,
        workspace: &Workspace,
        worked: &mut Results<'_>,
    ) -> Result<(), Box<Refusal>> {
        let members: Vec<&Worked<'_>> = self
            .releases
            .iter()
            .filter_map(|release| worked[*release].as_ref().ok())
            .collect();
        // While a release has a question of its own it is not known what it wants.
        let is_open = |worked: &&Worked<'_>| {
            let mut steps = worked.migrated.steps.iter();
            steps.any(|step| step.state == StepState::Open)
        };
        if members.iter().any(is_open) {
            return Ok(());
        }
        let decision = self.decide(request, workspace, &members)?;
        let followed = decision.answer.as_ref().map(|answer| answer.option.clone());
        let leader = followed.as_ref().and_then(|option| {
            self.releases
                .iter()
                .copied()
                .find(|release| option_of(&workspace.releases[*release].name) == *option)
        });
        let mut own_changes = BTreeMap::new();
        if let Some(leader) = leader {
            for release in self.releases.iter().filter(|release| **release != leader) {
                let changes = self.follow(workspace, worked, *release, leader)?;
                own_changes.insert(*release, changes);
            }
        }
        for release in &self.releases {
            let Ok(worked) = &mut worked[*release] else {
                continue;
            };
            let version = worked.plan.to.clone();
            let changes = own_changes.remove(release).unwrap_or_default();
            worked
                .migrated
                .steps
                .push(report(&decision, version, changes));
        }
        Ok(())
    }

    fn decide(
        &self,
        request: &Request,
        workspace: &Workspace,
        members: &[&Worked<'_>],
    ) -> Result<Decision, Box<Refusal>> {
        let names: Vec<&str> = members.iter().map(|m| m.wanted.name.as_str()).collect();
        let files: Vec<&str> = self
            .blocks
            .iter()
            .map(|block| workspace.file_of(*block).name.as_str())
            .collect();
        let has_own = |member: &&Worked<'_>| self.own_layer(member).is_some();
        let offered = members.iter().filter(|member| {
            let uses_all = self
                .blocks
                .iter()
                .all(|block| layer_of(member, *block).is_some());
            let mut others = members
                .iter()
                .filter(|other| other.wanted.name != member.wanted.name);
            uses_all && others.all(has_own)
        });
        let options: Vec<Offer> = offered
            .map(|member| Offer {
                id: option_of(&member.wanted.name),
                title: self.title(workspace, member, members),
                recommended: false,
                inputs: Vec::new(),
            })
            .collect();
        let versions: BTreeSet<String> = members.iter().map(|m| m.plan.from.to_string()).collect();
        let apart = versions.len() > 1;
        let name = names.join(", ");
        if options.is_empty() {
            let reason = Reason::new(format!(
                "{} want different things of {}, which they share",
                names.join(" and "),
                files.join(" and ")
            ))
            .why("One text cannot be both, and there is no layer of their own where the difference could go.");
            return Err(reason
                .next("Give each release a values file of its own as its last layer (it may be empty: `{}`), and run refit again.")
                .of(&name));
        }
        let why = if apart {
            let each: Vec<String> = members
                .iter()
                .map(|m| format!("{} is on {}", m.wanted.name, m.plan.from))
                .collect();
            format!(
                " ({}; the other way is to bring them to one version first, each with a copy of the shared layer)",
                each.join(", ")
            )
        } else {
            String::new()
        };
        let mut decision = Decision {
            id: ID.to_owned(),
            question: format!(
                "{} share {} and want different things of it{why}. Which of them shall it follow?",
                names.join(" and "),
                files.join(" and ")
            ),
            evidence: members
                .iter()
                .map(|member| Evidence {
                    path: member.wanted.name.clone(),
                    value: Some(Value::String(member.plan.from.to_string())),
                    source: None,
                })
                .collect(),
            options,
            answer: None,
            lacking: None,
        };
        let given = members.iter().find_map(|member| member.answers.get(ID));
        if let Some(answer) = given.or_else(|| request.answers.get(ID)) {
            decision
                .accept(Answer::clone(answer))
                .map_err(|e| refusal::request::answer(&e).of(&name))?;
        }
        Ok(decision)
    }

    fn title(&self, workspace: &Workspace, leader: &Worked<'_>, members: &[&Worked<'_>]) -> String {
        let others: Vec<String> = members
            .iter()
            .filter(|other| other.wanted.name != leader.wanted.name)
            .filter_map(|other| {
                let block = other.wanted.layers[self.own_layer(other)?];
                let file = &workspace.file_of(block).name;
                Some(format!("{} gets what differs in {file}", other.wanted.name))
            })
            .collect();
        format!("As {} needs it; {}", leader.wanted.name, others.join(", "))
    }

    /// The right-most layer that no other release uses.
    fn own_layer(&self, worked: &Worked<'_>) -> Option<usize> {
        let layers = worked.wanted.layers.iter();
        let own: Vec<bool> = layers.map(|block| !self.shared.contains(block)).collect();
        own.iter().rposition(|own| *own)
    }

    /// Gives a release the shared layers as its leader needs them, and writes out in its own layers what
    /// that would change for it.
    fn follow(
        &self,
        workspace: &Workspace,
        worked: &mut Results<'_>,
        release: usize,
        leader: usize,
    ) -> Result<Vec<crate::migrate::Change>, Box<Refusal>> {
        let theirs: Vec<(usize, Edited)> = self
            .blocks
            .iter()
            .filter_map(|block| Some((*block, part_of(worked, leader, *block)?.clone())))
            .collect();
        let Ok(worked) = &mut worked[release] else {
            return Ok(Vec::new());
        };
        let name = worked.wanted.name.clone();
        let views: Vec<View<'_>> = worked.views.clone();
        let views: Vec<&View<'_>> = views.iter().collect();
        let wanted = meaning(&worked.migrated.layers, &views, &worked.plan);
        for (block, part) in theirs {
            let Some(layer) = layer_of(worked, block) else {
                continue;
            };
            if let Some(tree) = &part.tree
                && let Some(view) = workspace.blocks[block].again(tree)
            {
                let values = view.values().unwrap_or_default();
                worked.migrated.layers[layer] = Node::made(Value::Map(values), Vec::new(), None);
            } else {
                worked.migrated.layers[layer] = Node::layer(layer, views[layer]);
            }
            worked.parts[layer] = part;
        }
        let own = |layer: usize| !self.shared.contains(&worked.wanted.layers[layer]);
        let together = meaning(&worked.migrated.layers, &views, &worked.plan);
        let changes = together::settle(
            &mut worked.migrated,
            &views,
            &worked.plan,
            &own,
            (&together, &wanted),
        );
        let together = meaning(&worked.migrated.layers, &views, &worked.plan);
        if together != wanted {
            let error = MigrateError::Layers {
                difference: together::first_difference(&together, &wanted),
            };
            return Err(refusal::request::answer(&error).of(&name));
        }
        let touched: BTreeSet<usize> = changes.iter().map(|change| change.layer).collect();
        for layer in touched {
            let block = worked.wanted.layers[layer];
            let node = &worked.migrated.layers[layer];
            let view = views[layer];
            let rewrite =
                edit(view, node, layer, false).map_err(|e| edit_refusal(workspace, block, &e))?;
            worked.parts[layer] = edited(workspace, block, node, view, rewrite)?;
        }
        Ok(changes)
    }
}

/// The option that follows a release.
fn option_of(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "._-".contains(c);
    let name: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect();
    format!("like-{name}")
}

fn report(
    decision: &Decision,
    version: semver::Version,
    changes: Vec<crate::migrate::Change>,
) -> StepReport {
    let open = decision.answer.is_none();
    StepReport {
        version,
        id: ID.to_owned(),
        title: "Keep apart what releases want of a layer that they share".to_owned(),
        why: None,
        link: None,
        state: if open {
            StepState::Open
        } else {
            StepState::Done
        },
        changes,
        tell: Vec::new(),
        todo: Vec::new(),
        decision: Some(decision.clone()),
    }
}
