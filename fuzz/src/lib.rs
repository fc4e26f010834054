//! The judges of any bytes at all, as a fuzzer that coverage guides wants them.
//!
//! Everything that decides stands in `tests/laws/targets.rs` and is tested there with every `cargo test`; this crate only
//! hands bytes to it, and must never say itself what is right.

use std::{env, sync::LazyLock};

#[path = "../../tests/laws/choice.rs"]
pub mod choice;
#[path = "../../tests/yaml/edit_law.rs"]
pub mod edit_law;
#[path = "../../tests/laws/engine.rs"]
pub mod engine;
#[path = "../../tests/laws/laws.rs"]
pub mod laws;
#[path = "../../tests/laws/own_keys.rs"]
pub mod own_keys;
#[path = "../../tests/laws/targets.rs"]
pub mod targets;

/// Gives bytes to a target, and panics with what is wrong: that is what libFuzzer takes for a find.
///
/// What holds one of the texts in `REFIT_KNOWN` (separated by `|`) is let pass, so that a find that waits for being mended
/// does not stand before those behind it.
///
/// # Panics
///
/// If the target says that something is wrong.
pub fn hold(target: fn(&[u8]) -> Result<(), String>, data: &[u8]) {
    static KNOWN: LazyLock<String> = LazyLock::new(|| env::var("REFIT_KNOWN").unwrap_or_default());
    if let Err(wrong) = target(data) {
        let mut known = KNOWN.split('|').filter(|known| !known.is_empty());
        assert!(known.any(|known| wrong.contains(known)), "{wrong}");
    }
}
