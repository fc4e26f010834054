//! A generator of cases that shrinks well: everything random is a sequence of small numbers.
//!
//! A case is made by asking [`Choices`] for numbers below a bound, and 0 is always the simplest answer.
//! So a failing case is made smaller without knowing what it is: choices are left out or made smaller for
//! as long as the law stays broken. The sequences come from a fixed seed, so every run tests the same
//! cases; `REFIT_SEED` takes others and `REFIT_CASES` takes more. With `REFIT_SURVEY` a broken law does not
//! stop the test: all kinds of failures are counted and listed, with a small example of each.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

/// Where a case takes its decisions from.
pub struct Choices {
    made: Vec<u32>,
    at: usize,
    random: Option<u64>,
    /// Which case it is, from 0; for what goes through a list.
    pub case: usize,
    /// What is counted while a law is tested.
    pub counts: BTreeMap<String, usize>,
}

impl Choices {
    fn random(seed: u64, case: usize) -> Self {
        Self {
            made: Vec::new(),
            at: 0,
            random: Some(seed),
            case,
            counts: BTreeMap::new(),
        }
    }

    /// These decisions, and the simplest ones when they are at an end.
    pub fn replay(made: &[u32], case: usize) -> Self {
        Self {
            made: made.to_vec(),
            at: 0,
            random: None,
            case,
            counts: BTreeMap::new(),
        }
    }

    /// A number below `bound`; 0 where a replayed sequence has ended.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound <= 1 {
            return 0;
        }
        if let Some(state) = &mut self.random {
            // SplitMix64.
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            let made = (z % bound as u64) as u32;
            self.made.push(made);
            return made as usize;
        }
        let made = self.made.get(self.at).copied().unwrap_or(0) as usize;
        self.at += 1;
        made % bound
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    /// One of several things, the first being the simplest.
    pub fn pick<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        let i = self.below(things.len());
        &things[i]
    }

    /// Counts something that is worth knowing of the cases.
    pub fn count(&mut self, what: impl Into<String>) {
        *self.counts.entry(what.into()).or_default() += 1;
    }
}

/// The number of cases: `REFIT_CASES`, else what the test says.
pub fn cases(default: usize) -> usize {
    std::env::var("REFIT_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(default)
}

fn seed(name: &str) -> u64 {
    let given: u64 = std::env::var("REFIT_SEED")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ given;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    hash
}

type Broken = (Vec<u32>, String);

/// Tests a law over many cases; prints what was counted.
///
/// # Panics
///
/// With the smallest case found that breaks the law.
pub fn each(name: &str, default: usize, law: impl Fn(&mut Choices) -> Result<(), String>) {
    let counts = survey(name, default, |choices| match law(choices) {
        Ok(()) => Ok(None),
        Err(message) => Err(message),
    });
    assert!(
        !counts.is_empty() || default == 0,
        "{name}: nothing was counted"
    );
}

/// As [`each`]; where the law may be broken, by class, `Ok(Some(class))` counts instead of failing.
pub fn survey(
    name: &str,
    default: usize,
    law: impl Fn(&mut Choices) -> Result<Option<String>, String>,
) -> BTreeMap<String, usize> {
    let wanted = cases(default);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut examples: BTreeMap<String, String> = BTreeMap::new();
    let started = Instant::now();
    let seed = seed(name);
    quietly(|| {
        for case in 0..wanted as u64 {
            let mut choices = Choices::random(
                seed.wrapping_add(case.wrapping_mul(0x5851_f42d)),
                case as usize,
            );
            match attempt(&law, &mut choices) {
                Ok(class) => {
                    for (what, n) in choices.counts {
                        *counts.entry(what).or_default() += n;
                    }
                    if let Some(shown) = class {
                        let class = shown.lines().next().unwrap_or_default().to_owned();
                        if !examples.contains_key(&class)
                            && std::env::var_os("REFIT_SURVEY").is_some()
                        {
                            let failing = |choices: &mut Choices| match law(choices) {
                                Ok(Some(shown)) => Err(shown),
                                Ok(None) => Ok(()),
                                Err(_) => Ok(()),
                            };
                            let smallest =
                                shrink(&failing, case as usize, (choices.made, shown.clone())).1;
                            examples.insert(class.clone(), smallest);
                        }
                        *counts.entry(class).or_default() += 1;
                    }
                }
                Err(message) if std::env::var_os("REFIT_SURVEY").is_some() => {
                    let class = format!("BROKEN {}", kind_of(&message));
                    let nth = counts.entry(class.clone()).or_default();
                    *nth += 1;
                    // One example may hide what the others are about.
                    if *nth <= 4 {
                        let smallest = shrink(&law, case as usize, (choices.made, message)).1;
                        examples.insert(format!("{class} ({nth})"), smallest);
                    }
                }
                Err(message) => {
                    let (_, message) = shrink(&law, case as usize, (choices.made, message));
                    panic!("{name}, case {case}: {message}");
                }
            }
        }
    });
    let mut shown = String::new();
    for (what, n) in &counts {
        let _ = write!(shown, "\n  {n:7} {what}");
    }
    println!(
        "{name}: {wanted} cases in {:.1} s{shown}",
        started.elapsed().as_secs_f32()
    );
    for (class, example) in examples {
        println!("--- {class}\n{example}");
    }
    counts
}

thread_local! {
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the messages of panics that are caught, instead of printing each.
fn quietly(work: impl FnOnce()) {
    static HOOK: std::sync::Once = std::sync::Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let caught = PANIC.with(|panic| {
                let mut panic = panic.borrow_mut();
                panic
                    .as_mut()
                    .map(|text| *text = info.to_string())
                    .is_some()
            });
            if !caught {
                usual(info);
            }
        }));
    });
    work();
}

fn attempt<T>(
    law: &impl Fn(&mut Choices) -> Result<T, String>,
    choices: &mut Choices,
) -> Result<T, String> {
    PANIC.with(|panic| *panic.borrow_mut() = Some(String::new()));
    let result = catch_unwind(AssertUnwindSafe(|| law(choices)));
    let said = PANIC.with(|panic| panic.borrow_mut().take());
    result.unwrap_or_else(|_| Err(format!("panic: {}", said.unwrap_or_default())))
}

/// What a message is about: its first line without what it cites.
fn kind_of(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let word = |word: &&str| {
        word.chars()
            .all(|c| c.is_ascii_alphabetic() || ",:'".contains(c))
            && !word.is_empty()
    };
    let words: Vec<&str> = line.split(' ').filter(word).take(4).collect();
    words.join(" ")
}

/// Leaves out choices and makes them smaller for as long as the law stays broken in the same way.
fn shrink<T>(
    law: &impl Fn(&mut Choices) -> Result<T, String>,
    case: usize,
    broken: Broken,
) -> Broken {
    let started = Instant::now();
    let kind_of = |message: &str| match message.starts_with("FAILS") {
        true => message.lines().next().unwrap_or_default().to_owned(),
        false => kind_of(message),
    };
    let wanted = kind_of(&broken.1);
    let mut best = broken;
    let in_time = || {
        started.elapsed()
            < Duration::from_secs(if std::env::var_os("REFIT_SURVEY").is_some() {
                8
            } else {
                40
            })
    };
    let try_it = |made: Vec<u32>, best: &mut Broken| -> bool {
        let mut choices = Choices::replay(&made, case);
        if let Err(message) = attempt(law, &mut choices)
            && kind_of(&message) == wanted
        {
            let used = choices.at.min(made.len());
            *best = (made[..used].to_vec(), message);
            return true;
        }
        false
    };
    loop {
        let before = best.0.clone();
        let mut size = best.0.len().max(1);
        while size > 0 && in_time() {
            let mut at = 0;
            while at < best.0.len() && in_time() {
                let end = (at + size).min(best.0.len());
                let mut shorter = best.0.clone();
                shorter.drain(at..end);
                let mut zeroed = best.0.clone();
                zeroed[at..end].fill(0);
                let changed = zeroed != best.0;
                if !(try_it(shorter, &mut best) || changed && try_it(zeroed, &mut best)) {
                    at += size;
                }
                if size == best.0.len() {
                    break;
                }
            }
            size /= 2;
        }
        for at in 0..before.len() {
            while at < best.0.len() && best.0[at] > 0 && in_time() {
                let mut smaller = best.0.clone();
                smaller[at] /= 2;
                if try_it(smaller, &mut best) {
                    continue;
                }
                let mut smaller = best.0.clone();
                smaller[at] -= 1;
                if !try_it(smaller, &mut best) {
                    break;
                }
            }
        }
        if best.0 == before || !in_time() {
            return best;
        }
    }
}
