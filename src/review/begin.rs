//! How a review begins: everything is read and run once, and what is written together becomes one review.
//!
//! What was decided before (with options, a file of answers, or in `refit.yaml`) is taken out and becomes
//! suggestions. It must not decide anything by itself here, or a person would never be asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Review, needs_of_steps};
use crate::{
    outcome::{Outcome, Refusal, Release},
    upgrade::{Earlier, Material, Request, read, run},
};

/// The reviews of a run.
#[derive(Debug)]
pub struct Begun {
    /// A review for each unit that changes or asks.
    pub reviews: Vec<Review>,
    /// Releases of which nothing is to be decided.
    pub fitting: Vec<Release>,
    /// The outcome before any decision, with the refusals.
    pub outcome: Outcome,
}

/// Reads everything, and begins the reviews of what is asked for.
///
/// # Errors
///
/// If nothing can be read at all.
pub fn begin(request: &Request) -> Result<Begun, Box<Refusal>> {
    let mut material = read(request)?;
    let kept = material.forget();
    let given = request
        .selection
        .skip
        .iter()
        .chain(&request.selection.skip_known);
    let given: Vec<String> = given.cloned().collect();
    let earlier = |release: &Release| {
        let mut earlier: Earlier = kept.get(&release.called).cloned().unwrap_or_default();
        earlier.answers.extend(request.answers.clone());
        let own = request.answers_of.get(&release.called);
        earlier.answers.extend(
            own.into_iter()
                .flatten()
                .map(|(id, answer)| (id.clone(), answer.clone())),
        );
        earlier.skip.extend(given.iter().cloned());
        let own = request.skip_of.get(&release.called);
        earlier.skip.extend(own.into_iter().flatten().cloned());
        earlier
    };
    // In a review answers and steps that were left out before are proposals: nothing is decided by them.
    let mut bare = Request {
        accept_recommended: false,
        answers: Default::default(),
        answers_of: BTreeMap::new(),
        skip_of: BTreeMap::new(),
        ..request.clone()
    };
    let mut outcome = run(&bare, &material, None);
    bare.selection.skip_known.clear();
    if !bare.selection.skip.is_empty() {
        // The first run has judged whether there are such steps.
        bare.selection.skip.clear();
        let names: BTreeSet<String> = outcome.releases.iter().map(|r| r.called.clone()).collect();
        let again = run(&bare, &material, Some(&names));
        outcome.releases = again.releases;
        outcome.refused.extend(again.refused);
    }
    for release in &outcome.releases {
        material.pin(release);
    }
    let material = Arc::new(material);
    let (mut reviews, mut fitting, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for unit in outcome.units() {
        let releases: Vec<Release> = unit
            .releases
            .iter()
            .map(|release| (*release).clone())
            .collect();
        if !unit.is_changed() && !unit.is_open() {
            fitting.extend(releases);
            continue;
        }
        let earlier = releases.iter().map(earlier).collect();
        match Review::new(&material, &bare, releases, earlier) {
            Ok(review) => reviews.push(review),
            Err(refusals) => refused.extend(refusals),
        }
    }
    outcome.refused.extend(refused);
    Ok(Begun {
        reviews,
        fitting,
        outcome,
    })
}

impl Review {
    fn new(
        material: &Arc<Material>,
        request: &Request,
        start: Vec<Release>,
        earlier: Vec<Earlier>,
    ) -> Result<Self, Vec<Refusal>> {
        let needs = start.iter().map(|release| {
            let pack = material.pack(&release.chart);
            pack.map(|pack| needs_of_steps(pack, release))
                .unwrap_or_default()
        });
        let mut review = Self {
            needs: needs.collect(),
            names: start.iter().map(|release| release.called.clone()).collect(),
            material: Arc::clone(material),
            request: request.clone(),
            earlier,
            taken: Vec::new(),
            full: start.clone(),
            start,
        };
        review.full = review.run_all(&review.request_without(&BTreeSet::new(), true))?;
        Ok(review)
    }
}
