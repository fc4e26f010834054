//! Hints: the texts of which every secret that is known by its form or its key contains one.
//!
//! Most texts contain none, and each scalar of a file is looked at; expressions take longer to be made than a small
//! file takes to be read. So a text is first searched for hints, and an expression is made only where it could find
//! something. A hint must never be missing for what an expression finds: the tests of secrets hold them together.

use std::sync::LazyLock;

use super::STEMS;

/// The hints that a text contains.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SecretHints {
    /// A key can make something in it a secret.
    pub key: bool,
    /// An address is in it, which can have a password.
    pub address: bool,
    /// Something has the beginning of another form of secrets.
    pub form: bool,
}

#[derive(Clone, Copy)]
enum HintKind {
    Key,
    Address,
    Form,
    /// A form that only begins where a word does.
    Word,
}

/// The texts of one kind; case counts only for what is not a key.
const OTHERS: [(HintKind, &[&str]); 4] = [
    (HintKind::Key, &["auth\""]),
    (HintKind::Address, &["://"]),
    (
        HintKind::Form,
        &[
            "@tcp(",
            "@unix(",
            "hooks.slack.com/",
            "/api/webhooks/",
            "-----BEGIN",
            "$2a$",
            "$2b$",
            "$2y$",
            "$apr1$",
            "$1$",
            "$5$",
            "$6$",
            "$y$",
            "$argon2",
        ],
    ),
    (
        HintKind::Word,
        &[
            "Bearer",
            "bearer",
            "BEARER",
            "Basic",
            "basic",
            "BASIC",
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "glpat-",
            "glrt-",
            "gldt-",
            "glptt-",
            "glcbt-",
            "xox",
            "xapp-",
            "AKIA",
            "ASIA",
            "sk_live_",
            "sk_test_",
            "rk_live_",
            "rk_test_",
            "AIza",
            "SG.",
            "eyJ",
            "hvs.",
            "hvb.",
            "hvr.",
            "dckr_pat_",
            "npm_",
            "pypi-",
            "AGE-SECRET-KEY-1",
            "ya29.",
            "sk-",
            "whsec_",
            "dop_v1_",
            "shpat_",
            "NRAK-",
            "tskey-",
        ],
    ),
];

/// Texts by their first two letters, so that nearly all places of a text are passed over with one look.
struct HintIndex {
    /// A bit for each pair of letters that begins one of the texts.
    pairs: Box<[u64; 1_024]>,
    /// The texts, in the order of these pairs.
    texts: Vec<(u16, &'static str, HintKind)>,
}

impl HintIndex {
    fn new(texts: impl Iterator<Item = (&'static str, HintKind)>) -> Self {
        let first_two = |text: &str| text.bytes().take(2).fold(0, followed_by);
        let texts = texts.map(|(text, meaning)| (first_two(text), text, meaning));
        let mut texts: Vec<_> = texts.collect();
        texts.sort_by_key(|(pair, ..)| *pair);
        let mut pairs = Box::new([0; 1_024]);
        for (pair, ..) in &texts {
            pairs[usize::from(pair / 64)] |= 1 << (pair % 64);
        }
        Self { pairs, texts }
    }

    /// The texts that a text contains, each with its place; a key's in any case.
    fn each_in(&self, text: &str, mut found: impl FnMut(usize, HintKind) -> bool) {
        let text = text.as_bytes();
        let mut pair = 0;
        for (end, byte) in text.iter().enumerate() {
            pair = followed_by(pair, *byte);
            if self.pairs[usize::from(pair / 64)] & 1 << (pair % 64) == 0 || end == 0 {
                continue;
            }
            let at = end - 1;
            let rest = &text[at..];
            let first = self.texts.partition_point(|(other, ..)| *other < pair);
            let texts = self.texts[first..].iter();
            for (_, hint, meaning) in texts.take_while(|(other, ..)| *other == pair) {
                let Some(here) = rest.get(..hint.len()) else {
                    continue;
                };
                let is_here = match meaning {
                    HintKind::Key => here.eq_ignore_ascii_case(hint.as_bytes()),
                    _ => here == hint.as_bytes(),
                };
                if is_here && found(at, *meaning) {
                    return;
                }
            }
        }
    }
}

/// The pair that a letter makes with the second one of the pair before it.
fn followed_by(pair: u16, letter: u8) -> u16 {
    pair << 8 | u16::from(letter.to_ascii_lowercase())
}

/// True if a key has one of the stems that every key of a secret has.
pub(super) fn has_stem(key: &str) -> bool {
    static SEARCH: LazyLock<HintIndex> =
        LazyLock::new(|| HintIndex::new(STEMS.into_iter().map(|stem| (stem, HintKind::Key))));
    let mut has = false;
    SEARCH.each_in(key, |_, _| {
        has = true;
        true
    });
    has
}

/// The hints in a text.
pub(super) fn hints(text: &str) -> SecretHints {
    static SEARCH: LazyLock<HintIndex> = LazyLock::new(|| {
        let stems = STEMS.into_iter().map(|stem| (stem, HintKind::Key));
        let others = OTHERS.into_iter();
        let others = others.flat_map(|(meaning, texts)| texts.iter().map(move |it| (*it, meaning)));
        HintIndex::new(stems.chain(others))
    });
    let mut hints = SecretHints::default();
    // Shorter than any secret with what tells it.
    if text.len() < 6 {
        return hints;
    }
    let in_word = |at: usize| {
        let before = at.checked_sub(1).map(|before| text.as_bytes()[before]);
        before.is_some_and(|before| before.is_ascii_alphanumeric() || before == b'_')
    };
    SEARCH.each_in(text, |at, meaning| {
        match meaning {
            HintKind::Key => hints.key = true,
            HintKind::Address => hints.address = true,
            HintKind::Form => hints.form = true,
            HintKind::Word => hints.form |= !in_word(at),
        }
        false
    });
    hints
}

impl SecretHints {
    /// True if a text can contain a secret at all.
    pub fn any(self) -> bool {
        self.key || self.address || self.form
    }
}
