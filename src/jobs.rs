//! Work on many things at once, with a result that does not show it.
//!
//! A run over a repository reads, works out and renders thousands of things that know nothing of each
//! other. They are shared out to threads here and come back in the order in which they were given, so that
//! a run with eight threads says what a run with one says, byte for byte. A run over one file starts no
//! thread: that alone would cost more than the file.
//!
//! A panic is a fault of refit and belongs to the one thing that it happened with: [`Jobs::run_each`] gives it
//! back as [`Fault`] in that thing's place, and all others are done. With one thread that is the same.
//! Nothing here may depend on how many threads there are, and nothing is printed.

use std::{
    any::Any,
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::OnceLock,
    thread,
};

use rayon::{
    ThreadPool, ThreadPoolBuilder,
    iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _},
};

/// As much as the first thread of a process has: how deep values may nest is bounded with that in mind.
const STACK: usize = 8 << 20;

/// A part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Files are read, and what they carry is found.
    Read,
    /// Releases are worked out.
    Migrate,
    /// Files are edited and checked.
    Edit,
}

/// Whoever wants to know how far a run is.
pub trait Watch: Sync {
    /// A part of the run begins, with so many things to do.
    fn begin(&self, work: Work, things: usize);
    /// One of them is done.
    fn step(&self);
}

/// Nobody watches.
#[derive(Debug)]
struct Nobody;

impl Watch for Nobody {
    fn begin(&self, _: Work, _: usize) {}
    fn step(&self) {}
}

/// Refit panicked over one thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// The number of threads, and their watch.
pub struct Jobs<'w> {
    threads: usize,
    watch: &'w dyn Watch,
    /// Made when it is needed; `None` if the system gives no threads.
    pool: OnceLock<Option<ThreadPool>>,
}

impl Jobs<'static> {
    /// One thread: the caller's own.
    #[must_use]
    pub fn single_thread() -> Self {
        Self::new(NonZeroUsize::MIN, &Nobody)
    }

    /// As many threads as there are cores, and nobody who watches.
    #[must_use]
    pub fn many() -> Self {
        Self::new(Self::cores(), &Nobody)
    }
}

impl<'w> Jobs<'w> {
    /// So many threads.
    #[must_use]
    pub fn new(threads: NonZeroUsize, watch: &'w dyn Watch) -> Self {
        Self {
            threads: threads.get(),
            watch,
            pool: OnceLock::new(),
        }
    }

    /// As many threads as the machine has cores for this process.
    #[must_use]
    pub fn cores() -> NonZeroUsize {
        thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
    }

    /// Does the same with each thing, and gives the results in the order of the things. `done` is the part
    /// of the run that this is, if somebody may want to know.
    pub fn run_each<T: Send, R: Send>(
        &self,
        work: Option<Work>,
        things: Vec<T>,
        job: impl Fn(T) -> R + Sync,
    ) -> Vec<Result<R, Fault>> {
        if let Some(work) = work {
            self.watch.begin(work, things.len());
        }
        let job = |thing: T| {
            // What was half done is dropped with the thing; nothing else is changed by a job.
            let result = catch_unwind(AssertUnwindSafe(|| job(thing)));
            if work.is_some() {
                self.watch.step();
            }
            result.map_err(|panic| fault(&*panic))
        };
        match self.pool(things.len()) {
            None => things.into_iter().map(job).collect(),
            Some(pool) => pool.install(|| {
                let things = things.into_par_iter().with_max_len(1);
                things.map(job).collect()
            }),
        }
    }

    fn pool(&self, things: usize) -> Option<&ThreadPool> {
        if self.threads < 2 || things < 2 {
            return None;
        }
        let make = || {
            let pool = ThreadPoolBuilder::new()
                .num_threads(self.threads)
                .stack_size(STACK);
            pool.build().ok()
        };
        self.pool.get_or_init(make).as_ref()
    }
}

fn fault(panic: &(dyn Any + Send)) -> Fault {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    Fault(text.unwrap_or_else(|| "a panic without a message".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    fn many(threads: usize) -> Jobs<'static> {
        Jobs::new(NonZeroUsize::new(threads).unwrap(), &Nobody)
    }

    #[test]
    fn results_come_in_the_order_of_the_things() {
        let things: Vec<u64> = (0..500).collect();
        let job = |thing: u64| {
            // Those that come first take longest.
            thread::sleep(std::time::Duration::from_micros(500 - thing));
            thing * 2
        };
        let wanted: Vec<Result<u64, Fault>> = (0..500).map(|thing| Ok(thing * 2)).collect();
        for threads in [1, 2, 8] {
            assert_eq!(many(threads).run_each(None, things.clone(), job), wanted);
        }
    }

    #[test]
    fn a_panic_is_the_fault_of_one_thing() {
        let job = |thing: u32| {
            assert!(thing != 3, "three is too many");
            thing
        };
        for threads in [1, 4] {
            let results = many(threads).run_each(None, (0..6).collect(), job);
            for (thing, result) in results.iter().enumerate() {
                match result {
                    Ok(done) => assert_eq!(*done as usize, thing),
                    Err(Fault(text)) => assert!(thing == 3 && text == "three is too many"),
                }
            }
            assert_eq!(results.iter().filter(|result| result.is_err()).count(), 1);
        }
    }

    #[test]
    fn one_thing_starts_no_thread() {
        let here = thread::current().id();
        let jobs = many(8);
        let ran = jobs.run_each(None, vec![()], |()| thread::current().id());
        assert_eq!(ran, [Ok(here)]);
        assert!(jobs.pool.get().is_none());
    }

    #[test]
    fn whoever_watches_sees_every_step() {
        #[derive(Default)]
        struct Recorded {
            begun: Mutex<Vec<(Work, usize)>>,
            steps: AtomicUsize,
        }
        impl Watch for Recorded {
            fn begin(&self, work: Work, things: usize) {
                self.begun.lock().unwrap().push((work, things));
            }
            fn step(&self) {
                self.steps.fetch_add(1, Ordering::Relaxed);
            }
        }
        let seen = Recorded::default();
        let jobs = Jobs::new(NonZeroUsize::new(3).unwrap(), &seen);
        jobs.run_each(Some(Work::Edit), vec![1; 40], |one| one);
        jobs.run_each(None, vec![1; 40], |one| one);
        assert_eq!(*seen.begun.lock().unwrap(), [(Work::Edit, 40)]);
        assert_eq!(seen.steps.load(Ordering::Relaxed), 40);
    }
}
