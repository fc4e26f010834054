//! What a check finds: a code that stays the same, a place, and a sentence.
//!
//! The codes are a contract with scripts and editors, like the fields of the JSON output. One is never
//! reused for something else.

use std::fmt;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FindingSeverity {
    /// The pack does something else than it says, or cannot be used: it is refused.
    Error,
    /// Most likely a mistake; the pack can be used.
    Warning,
}

impl fmt::Display for FindingSeverity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

macro_rules! codes {
    ($($name:ident $text:literal $severity:ident $about:literal)*) => {
        /// The kind of mistake that a finding is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $about] $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as it is shown.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// Its severity.
            #[must_use]
            pub fn severity(self) -> FindingSeverity {
                match self {
                    $(Self::$name => FindingSeverity::$severity,)*
                }
            }

            /// Its meaning, in one sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $about,)*
                }
            }
        }

        impl JsonSchema for Code {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                "Code".into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "description": "What kind of mistake a finding is.",
                    "enum": [$($text,)*]
                })
            }
        }
    };
}

codes! {
    // Files and their form.
    UnknownFile "unknown-file" Error "A file in the folder looks like one of a pack and is called otherwise, so it is never read."
    StrayFile "stray-file" Warning "Another file in the folder is none that a pack has."
    NotYaml "not-yaml" Error "A file is not YAML."
    Bounds "bounds" Error "A file is larger, deeper or more entangled than packs may be."
    KeyTwice "key-twice" Error "A map has a key twice; only one of the two would count."
    UnknownField "unknown-field" Error "A field that no pack has at this place."
    MissingField "missing-field" Error "A field that must be there is not."
    WrongType "wrong-type" Error "A field has a value of another type, or none of the words it can have."
    NotText "not-text" Error "A plain scalar that Helm and refit would read differently; it needs quotes."
    Format "format" Error "Something else is not in the format."
    // Versions.
    BadVersion "bad-version" Error "A text that must be a version is none, or a file is for another version than its name says."
    VersionOrder "version-order" Error "The versions do not stand oldest first."
    UnknownVersion "unknown-version" Error "pack.yaml does not name this version."
    VersionRefused "version-refused" Error "A version is listed and refused at once."
    BadRange "bad-range" Error "A text that must be a range of versions is none."
    EmptyRange "empty-range" Error "No version can satisfy a range."
    RangeWithoutVersion "range-without-version" Warning "None of the pack's versions lies in a range."
    SubChart "sub-chart" Error "A pack that is named for a sub-chart cannot be used, or does not fit."
    // Paths and keys.
    BadPath "bad-path" Error "A text that must be a path is none."
    UnknownKey "unknown-key" Error "A path that no version at this side of the migration knows."
    LaterKey "later-key" Error "A step writes a key that its version does not know yet."
    DeadKey "dead-key" Warning "A step writes a key that no template of its version reads."
    RangesOverlap "ranges-overlap" Error "Two ranges of one key contain the same version."
    DefaultType "default-type" Warning "A default has another type than before, and no step looks at the key."
    LiteralType "literal-type" Warning "A step writes a literal of another type than the key's default."
    ChangedDefault "changed-default" Warning "A default changes, and no step looks at the key."
    VanishedKey "vanished-key" Warning "A key goes, and no step takes it."
    LeftKey "left-key" Warning "The template of a workload does not read a key any more that others still read, and no step looks at it."
    NoReason "no-reason" Warning "Something is ignored without a reason."
    StaleKeys "stale-keys" Warning "keys.yaml does not have what corrections.yaml says."
    UselessIgnored "useless-ignored" Warning "Something is ignored that would not be found."
    UnknownEvidence "unknown-evidence" Warning "Evidence or a fact looks at a key that no version in its range knows."
    // What steps take and write.
    Captures "captures" Error "The wildcards of a destination are not those of its source."
    WildcardWritten "wildcard-written" Error "A write has a wildcard."
    SamePath "same-path" Error "Two paths that are taken, moved, dropped or kept are the same."
    WritesMeet "writes-meet" Error "Two writes of one migration can meet at one place."
    LiveKey "live-key" Warning "A step writes a key that the old chart read, and does not look at it."
    UselessField "useless-field" Warning "A field changes nothing where it stands."
    // Names and expressions.
    BadExpression "bad-expression" Error "An expression cannot be read."
    UnknownName "unknown-name" Error "A name has no meaning where it stands."
    UnknownFunction "unknown-function" Error "A function does not exist."
    TargetInIf "target-in-if" Error "An `if` looks at the target."
    UnusedName "unused-name" Warning "A name is never used."
    ForgottenEquals "forgotten-equals" Error "A literal that is a name or an expression of the step: its `=` is missing."
    TextIsName "text-is-name" Warning "A literal is also a name of the step, which is used elsewhere."
    TextForm "text-form" Error "A text has an expression in a form that texts do not have."
    BadRegex "bad-regex" Error "A regular expression cannot be read."
    // Steps as a whole.
    BadStep "bad-step" Error "The fields of a step do not go together."
    IdTwice "id-twice" Error "An id is used twice in the pack."
    BadId "bad-id" Error "An id has other characters than ids have, or is one that refit itself uses."
    UnknownStep "unknown-step" Error "A step needs one that does not exist."
    NeedsCycle "needs-cycle" Warning "Steps need each other in a circle: none can be left out without the others."
    NoEffect "no-effect" Error "A step, row or question changes nothing and says nothing."
    UnreachableRow "unreachable-row" Error "A row or option is never reached."
    SameKey "same-key" Error "`same-key` stands in a step that looks at no key."
    SameKeyMissing "same-key-missing" Warning "A key is written from its own value, so that a second run would change it again."
    OptionsAlike "options-alike" Warning "Two options of a question do the same."
    Effects "effects" Error "Something under `effects` cannot be used."
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Something that is wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PackFinding {
    /// The file's name in the pack's folder.
    pub file: String,
    /// The line, from 1; absent if it is about the whole file.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
    /// Its severity.
    pub severity: FindingSeverity,
    /// The kind of mistake.
    pub code: Code,
    /// The mistake and the next step, in a sentence.
    pub message: String,
    /// The line, with a marker below the place.
    pub excerpt: Option<String>,
}

/// `FILE:LINE:COLUMN: SEVERITY: MESSAGE [CODE]`, in one line.
impl fmt::Display for PackFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}: {} [{}]", self.severity, self.message, self.code)
    }
}

/// `2 errors, 3 warnings`.
#[must_use]
pub fn count_by_severity(findings: &[PackFinding]) -> String {
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let counted = |n: usize, what: &str| match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    };
    match (
        count(FindingSeverity::Error),
        count(FindingSeverity::Warning),
    ) {
        (0, 0) => "no problems found".to_owned(),
        (errors, 0) => counted(errors, "error"),
        (0, warnings) => counted(warnings, "warning"),
        (errors, warnings) => counted(errors, "error") + ", " + &counted(warnings, "warning"),
    }
}
