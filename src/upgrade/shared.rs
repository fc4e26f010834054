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
    Request, common,
    edited::{Edited, edited},
    release::{ReleaseResults, Worked},
};
use crate::{
    edit::edit,
    load::{Wanted, Workspace},
    migrate::{
        Answer, Change, Decision, DecisionValue, MigrateError, Migrated, Offer, StepReport,
        StepState, TracedValue,
        together::{self, meaning},
    },
    outcome::Refusal,
    questions::{SHARED_LAYER, title},
    refusal::{self, ReleaseError, release::edit as edit_refusal},
    values::{Value, view::View},
};

/// The option that leaves what differs to the releases' own layers.
const APART: &str = "apart";

/// Settles what releases share.
pub(super) fn settle(
    request: &Request,
    workspace: &Workspace,
    wanted: &[&Wanted],
    worked: &mut ReleaseResults<'_>,
) {
    common::refuse_with_others(request, workspace, wanted, worked);
    let users = users(workspace, wanted);
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
fn users(workspace: &Workspace, wanted: &[&Wanted]) -> BTreeMap<usize, Vec<usize>> {
    let mut users: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (release, wanted) in wanted.iter().enumerate() {
        for block in &wanted.layers {
            users.entry(*block).or_default().push(release);
        }
    }
    let broken = workspace.broken.iter().flat_map(|broken| &broken.layers);
    let broken: BTreeSet<usize> = broken.copied().collect();
    users.retain(|block, releases| releases.len() > 1 || broken.contains(block));
    users
}

/// Releases that want different things of the same layers.
struct Group {
    releases: BTreeSet<usize>,
    blocks: BTreeSet<usize>,
    /// Blocks that are not any one release's own.
    shared: Arc<BTreeSet<usize>>,
}

/// The position of a block among the layers of a release.
fn layer_of(worked: &Worked<'_>, block: usize) -> Option<usize> {
    worked
        .wanted
        .layers
        .iter()
        .position(|layer| *layer == block)
}

fn part_of<'a>(worked: &'a ReleaseResults<'_>, release: usize, block: usize) -> Option<&'a Edited> {
    let worked = worked[release].as_ref().ok()?;
    Some(&worked.parts[layer_of(worked, block)?])
}

fn groups(users: &BTreeMap<usize, Vec<usize>>, worked: &ReleaseResults<'_>) -> Vec<Group> {
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
        worked: &mut ReleaseResults<'_>,
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
        let (ways, failed) = self.possible_ways(workspace, worked, &members);
        let offers = ways.iter().map(|way| way.offer.clone()).collect();
        let decision = self.decide(request, workspace, &members, (offers, failed))?;
        let option = decision.chosen();
        let mut ways = ways.into_iter();
        let chosen = ways.find(|way| Some(way.offer.id.as_str()) == option);
        let mut own_changes = BTreeMap::new();
        for (release, follower) in chosen.into_iter().flat_map(|way| way.followers) {
            own_changes.insert(release, follower.changes);
            if let Ok(worked) = &mut worked[release] {
                worked.migrated = follower.migrated;
                worked.parts = follower.parts;
            }
        }
        for release in &self.releases {
            let Ok(worked) = &mut worked[*release] else {
                continue;
            };
            worked.migrated.steps.push(StepReport {
                changes: own_changes.remove(release).unwrap_or_default(),
                ..StepReport::asking(&worked.plan.to, title(SHARED_LAYER), decision.clone())
            });
        }
        Ok(())
    }

    /// The possible ways, each tried: the layers that releases have for themselves must be able to hold the settings
    /// that differ for them. Also the reason for which one of them cannot, if any cannot.
    fn possible_ways(
        &self,
        workspace: &Workspace,
        worked: &ReleaseResults<'_>,
        members: &[&Worked<'_>],
    ) -> (Vec<Way>, Option<Box<Refusal>>) {
        let (mut ways, mut failed) = (Vec::new(), None);
        let has_own = |release: &usize| {
            let release = worked[*release].as_ref();
            release.is_ok_and(|release| self.own_layer(release).is_some())
        };
        let mut add =
            |id: String, title: String, parts: &[(usize, Edited)], followers: Vec<usize>| {
                let followers = followers.into_iter().map(|release| {
                    let follower = self.follower(workspace, worked, release, parts)?;
                    Ok(follower.map(|follower| (release, follower)))
                });
                match followers.collect::<Result<Vec<_>, Box<Refusal>>>() {
                    Ok(followers) => ways.push(Way {
                        offer: Offer::plain(id, title),
                        followers: followers.into_iter().flatten().collect(),
                    }),
                    Err(refusal) => _ = failed.get_or_insert(refusal),
                }
            };
        for leader in &self.releases {
            let Ok(member) = &worked[*leader] else {
                continue;
            };
            let others = self.releases.iter().copied();
            let others: Vec<usize> = others.filter(|release| release != leader).collect();
            let parts = self.blocks.iter().map(|block| {
                let part = part_of(worked, *leader, *block)?.clone();
                Some((*block, part))
            });
            if let Some(parts) = parts.collect::<Option<EditedLayers>>()
                && others.iter().all(has_own)
            {
                let title = self.title(workspace, member, members);
                add(option_of(&member.wanted.name), title, &parts, others);
            }
        }
        let all: Vec<usize> = self.releases.iter().copied().collect();
        if all.iter().all(has_own)
            && let Ok(parts) = self.in_common(workspace, worked)
        {
            let own = members.iter().filter_map(|member| {
                let block = member.wanted.layers[self.own_layer(member)?];
                Some(workspace.file_of(block).name.as_str())
            });
            let own: Vec<&str> = own.collect();
            let title = format!(
                "Like none of them: it keeps what is the same for all; the rest goes into {}",
                own.join(" and ")
            );
            add(APART.to_owned(), title, &parts, all);
        }
        (ways, failed)
    }

    /// The shared layers with only what all releases want of them.
    fn in_common(
        &self,
        workspace: &Workspace,
        worked: &ReleaseResults<'_>,
    ) -> Result<EditedLayers, Box<Refusal>> {
        let mut parts = EditedLayers::new();
        for block in &self.blocks {
            let users = self.releases.iter().filter_map(|release| {
                let worked = worked[*release].as_ref().ok()?;
                let layer = layer_of(worked, *block)?;
                Some((&worked.migrated.layers[layer], &worked.views[layer], layer))
            });
            let users: Vec<(&TracedValue, &View<'_>, usize)> = users.collect();
            let Some((first, view, layer)) = users.first().copied() else {
                continue;
            };
            let nodes: Vec<(&TracedValue, &View<'_>)> =
                users.iter().map(|(node, view, _)| (*node, *view)).collect();
            let node = together::in_common(first, view, &nodes);
            let rewrite = edit(view, &node, layer, false)
                .map_err(|e| edit_refusal(workspace.block_in_file(*block), &e))?;
            let part = match rewrite.edits.is_empty() {
                true => Edited::unchanged(workspace.block_in_file(*block).tree()),
                false => edited(workspace, *block, &node, view, rewrite)?,
            };
            parts.push((*block, part));
        }
        Ok(parts)
    }

    fn decide(
        &self,
        request: &Request,
        workspace: &Workspace,
        members: &[&Worked<'_>],
        (options, failed): (Vec<Offer>, Option<Box<Refusal>>),
    ) -> Result<Decision, Box<Refusal>> {
        let names: Vec<&str> = members.iter().map(|m| m.wanted.name.as_str()).collect();
        let files: Vec<&str> = self
            .blocks
            .iter()
            .map(|block| workspace.file_of(*block).name.as_str())
            .collect();
        let versions: BTreeSet<String> = members.iter().map(|m| m.plan.from.to_string()).collect();
        let apart = versions.len() > 1;
        let name = names.join(", ");
        if options.is_empty() {
            return Err(ReleaseError::Apart {
                releases: names.iter().map(|name| (*name).to_owned()).collect(),
                files: files.iter().map(|file| (*file).to_owned()).collect(),
                failed: failed.map(|failed| failed.what),
            }
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
        let mut decision = Decision::new(
            SHARED_LAYER,
            format!(
                "{} share {} and want different things of it{why}. Whom shall it follow?",
                names.join(" and "),
                files.join(" and ")
            ),
            members
                .iter()
                .map(|member| {
                    DecisionValue::remark(&member.wanted.name, member.plan.from.to_string(), None)
                })
                .collect(),
            options,
        );
        let given = members
            .iter()
            .find_map(|member| member.answers.get(SHARED_LAYER));
        if let Some(answer) = given.or_else(|| request.answers.get(SHARED_LAYER)) {
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

    /// A release with these shared layers, and with what that would change for it written out in its own
    /// layers. Nothing if one of them is refused already.
    fn follower(
        &self,
        workspace: &Workspace,
        worked: &ReleaseResults<'_>,
        release: usize,
        shared: &[(usize, Edited)],
    ) -> Result<Option<Follower>, Box<Refusal>> {
        let Ok(worked) = &worked[release] else {
            return Ok(None);
        };
        let name = &worked.wanted.name;
        let views: Vec<&View<'_>> = worked.views.iter().collect();
        let mut follower = Follower {
            migrated: worked.migrated.clone(),
            parts: worked.parts.clone(),
            changes: Vec::new(),
        };
        let Follower {
            migrated, parts, ..
        } = &mut follower;
        let wanted = meaning(&migrated.layers, &views, &worked.plan);
        for (block, part) in shared {
            let Some(layer) = layer_of(worked, *block) else {
                continue;
            };
            if let Some(view) = part.view(&workspace.blocks[*block]) {
                let values = view.values().unwrap_or_default();
                migrated.layers[layer] =
                    TracedValue::made_by_step(Value::Map(values), Vec::new(), None);
            } else {
                migrated.layers[layer] = TracedValue::layer(layer, views[layer]);
            }
            parts[layer] = part.clone();
        }
        let own = |layer: usize| !self.shared.contains(&worked.wanted.layers[layer]);
        let together = meaning(&migrated.layers, &views, &worked.plan);
        let difference = (&together, &wanted);
        let changes = together::settle(migrated, &views, &worked.plan, &own, difference);
        let together = meaning(&migrated.layers, &views, &worked.plan);
        if together != wanted {
            let error = MigrateError::Layers {
                difference: together::first_difference(&together, &wanted),
            };
            return Err(refusal::request::answer(&error).of(name));
        }
        let touched: BTreeSet<usize> = changes.iter().map(|change| change.layer).collect();
        for layer in touched {
            let block = worked.wanted.layers[layer];
            let node = &migrated.layers[layer];
            let view = views[layer];
            let rewrite = edit(view, node, layer, false)
                .map_err(|e| edit_refusal(workspace.block_in_file(block), &e))?;
            parts[layer] = edited(workspace, block, node, view, rewrite)?;
        }
        follower.changes = changes;
        Ok(Some(follower))
    }
}

/// The shared layers as they come to be edited, by block.
type EditedLayers = Vec<(usize, Edited)>;

/// Something that can be done about a shared layer, with what it makes of the releases that it changes.
struct Way {
    offer: Offer,
    followers: Vec<(usize, Follower)>,
}

/// A release that takes shared layers as they are, and says in its own what differs for it.
struct Follower {
    migrated: Migrated,
    parts: Vec<Edited>,
    changes: Vec<Change>,
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
