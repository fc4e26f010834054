//! A bar for work that takes long enough to wonder about it.
//!
//! It is drawn on standard error, only if that is a terminal, only after a moment, and it is gone before
//! anything else is printed: whatever is kept of the output never has it.

use std::{
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use refit::jobs::{Watch, Work};

/// Work that is done sooner shows no bar.
const MOMENT: Duration = Duration::from_millis(400);
/// The number of times a second that the bar is drawn.
const RATE: u8 = 10;

/// The bar; gone when dropped. Threads share it.
pub struct Progress {
    bar: ProgressBar,
    start: Instant,
    /// True if it waits for its moment.
    waits: AtomicBool,
}

impl Progress {
    /// A bar for so much work. `shown` says whether there is a terminal to draw it on.
    pub fn new(doing: &'static str, total: usize, shown: bool) -> Self {
        let bar = ProgressBar::with_draw_target(
            Some(u64::try_from(total).unwrap_or(u64::MAX)),
            ProgressDrawTarget::hidden(),
        )
        .with_message(doing);
        // The template is a constant that is drawn by a test; without it the bar is only plainer.
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos} of {len}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self {
            bar,
            start: Instant::now(),
            waits: AtomicBool::new(shown && total > 1),
        }
    }

    /// One piece of the work is done.
    pub fn step(&self) {
        self.bar.inc(1);
        // Threads share the bar: the first that comes late enough begins to draw it.
        if self.start.elapsed() >= MOMENT && self.waits.swap(false, Ordering::Relaxed) {
            self.bar
                .set_draw_target(ProgressDrawTarget::stderr_with_hz(RATE));
        }
    }

    /// Takes the bar away while something is printed.
    pub fn print_apart<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The bars of a run, one for each part of it that takes long, one after the other.
pub struct Bars {
    shown: bool,
    now: RwLock<Option<Progress>>,
}

impl Bars {
    /// No bar yet. `shown` says whether there is a terminal to draw one on.
    pub fn new(shown: bool) -> Self {
        Self {
            shown,
            now: RwLock::new(None),
        }
    }

    /// Takes the last bar away, before anything is printed.
    pub fn done(&self) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Watch for Bars {
    fn begin(&self, work: Work, things: usize) {
        let doing = match work {
            Work::Read => "Reading",
            Work::Migrate => "Upgrading",
            Work::Edit => "Checking",
        };
        self.done();
        let bar = Progress::new(doing, things, self.shown);
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Some(bar);
    }

    fn step(&self) {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = &*now {
            bar.step();
        }
    }
}
