//! Refusals of what cannot be read: files, manifests, layers. Who reads one has the file before them.

use std::path::Path as FilePath;

use super::{Reason, not_yaml, own_fault, template, unreadable_value};
use crate::{
    carrier,
    load::{LoadError, LoadErrorKind, NotHere},
    outcome::Refusal,
    yaml::{DivergenceKind, ParseErrorKind},
};

/// The refusal of an input that cannot be used.
#[must_use]
pub fn load(error: &LoadError) -> Box<Refusal> {
    use LoadErrorKind as K;
    let name = &error.name;
    let reason = match &error.kind {
        K::NotYaml { bytes, error } => return not_yaml(name, bytes, error),
        K::Fault(fault) => return own_fault(fault, name),
        K::HelmHeader(header) => Reason::new(format!(
            "the first line, `{header}`, is not part of the values"
        ))
        .why("`helm get values` prints it unless it is told `-o yaml`; Helm would read it as a key.")
        .next("Delete that line, or write the file with `helm get values RELEASE -o yaml`."),
        K::EmptyInput => Reason::new("there is nothing to read")
            .why("As a rule the command before it has failed; and Helm takes an empty values file for \"as before\".")
            .next("Look at the messages of that command. For a release that sets nothing, give `{}`."),
        K::Folder(path) => Reason::new("this is a folder, and a values file is needed").next(
            format!(
                "Name the values files in it, for example {}/*.yaml.",
                quote_path(path).trim_end_matches('/')
            ),
        ),
        K::NotAFile => {
            Reason::new("this is a pipe, a socket or a device, and a values file is needed")
                .why("A file is read, shown, and read again before it is written.")
                .next("Give what comes out of it to standard input: `refit upgrade -`.")
        }
        K::TooLarge(mib) => Reason::new(format!("the file is larger than {mib} MiB"))
            .why("No values file is that large; it is probably something else.")
            .next("Name the values file."),
        K::BrokenLink(target) => Reason::new(format!(
            "this is a link to {}, which does not exist",
            target.display()
        ))
        .next("Mend the link, or name the file itself."),
        K::NoSuchFile => Reason::new("there is no such file")
            .next("Check the spelling, and the folder that you are in."),
        K::FileInPath => {
            Reason::new("a part of this path is a file, not a folder").next("Check the spelling.")
        }
        K::NoPermission => Reason::new("the file may not be read")
            .next("Ask its owner for access, or run refit as a user who has it."),
        K::Io(message) => Reason::new(format!("the file cannot be read: {message}"))
            .next("Check that `cat` can read it, and run refit again."),
        K::SeveralDocuments => Reason::new("the file has several YAML documents")
            .why("Helm 3 reads the first document only, Helm 4 merges them all.")
            .next("Keep the values in one document, or put each document in a file of its own."),
        K::NotAMap => Reason::new("the values are not a map")
            .why("At the root of a values file Helm wants `key: value` lines.")
            .next("Check that this is a values file and not, for example, a list of manifests."),
        K::Sops { is_stdin } => Reason::new("the file is encrypted with SOPS")
            .why("Each ciphertext is tied to its path, and a checksum covers them all: a key that is moved from outside can never be decrypted again.")
            .next(match is_stdin {
                true => "Give the decrypted text: sops -d FILE | refit upgrade -".to_owned(),
                false => format!(
                    "Edit the decrypted text: EDITOR='refit upgrade --write --from VERSION' sops {}",
                    quote_path(FilePath::new(name))
                ),
            }),
        K::Divergence(kind) => divergence(kind),
        K::TemplateAction => template(),
        K::Unreadable(error) => unreadable_value(error),
        K::OtherLayer => Reason::new("another layer of the same release cannot be used")
            .why("What a layer means depends on the others."),
        K::SharedAnchor => Reason::new("these values come from an anchor that other places use too")
            .why("Changing them there would change the other places as well.")
            .next("Write the values out at this place, and run refit again."),
        K::StringNotYaml(kind) => {
            Reason::new(format!("the values in this string are not YAML: {kind}")).next(match kind {
                ParseErrorKind::Template => "Put the template into quotes where that gives the same, and run refit again.",
                _ => "Mend them, and run refit again.",
            })
        }
        K::PathString(error) => Reason::new(format!("this path string cannot be read: {error}"))
            .why("Helm refuses it, too.")
            .next("Mend it, and run refit again."),
        K::PathStrings(kind) => Reason::new(format!(
            "the values that these path strings set cannot be written as YAML: {kind}"
        ))
        .next("Move the settings to the values beside the list, and run refit again."),
        K::Template => Reason::new("this is a template, not YAML")
            .why(AFTER_THE_TEMPLATE)
            .next("Name a plain values file."),
        K::TemplatedManifest(kind) => Reason::new(format!("this {kind} is {}", templated(*kind)))
            .why(AFTER_THE_TEMPLATE)
            .next("Put the values into a plain YAML file that the manifest names, or upgrade them by hand with `refit explain`."),
        K::Manifest { release, refused } => Reason::new(format!("{release}: {}", refused.what))
            .why(&refused.why)
            .next(&refused.next),
        K::NoKnownChart { named, .. } if named.is_empty() => {
            Reason::new("it deploys a chart that another object names")
                .why("That object, such as an OCIRepository, is in none of the files that are named.")
                .next("Name its file as well, or the folder that holds both.")
        }
        K::NoKnownChart { named, known } => Reason::new("it deploys no chart that refit knows")
            .why(format!("It names: {}.", named.join(", ")))
            .next(format!(
                "Known charts: {}. Another one can be described: --pack DIR.",
                known.join(", ")
            )),
        K::Namesake {
            release,
            chart,
            repository,
            why,
            known,
        } => Reason::new(format!(
            "{release}: this is another chart that is called {chart}, too"
        ))
        .why(format!("It comes from {repository}. {why}"))
        .next(format!(
            "The {chart} that refit knows is published at {}. If this one is the same: --chart {chart}.",
            known.join(", ")
        )),
        K::NoVersion(text) => Reason::new(match text.as_str() {
            "" => "no chart version is named".to_owned(),
            text => format!("`{text}` is a branch, a tag or a moving name, and no chart version"),
        })
        .why("Which version the values are for decides what has to change in them.")
        .next("Name the chart version that runs now: --from VERSION (`helm list` shows it)."),
        K::NotHere(why) => Reason::new(match why {
            NotHere::Unreadable(why) => why.as_str(),
            NotHere::InCluster => "it is not in these files",
            NotHere::OutOfBounds => {
                "it is outside of this repository, or of the folder that was named"
            }
            NotHere::InOtherRepository => "it is in another repository",
            NotHere::Missing => "it is named here and not in these files",
        }),
    };
    match &error.place {
        Some((text, offset)) => reason.at(name, text, *offset),
        None => reason.of(name),
    }
}

/// Why a template is not read.
const AFTER_THE_TEMPLATE: &str = "What the values are is known only after the template has run.";

fn quote_path(path: &FilePath) -> String {
    crate::shell::quote(&path.display().to_string())
}

/// The kind of template that a manifest is.
fn templated(kind: carrier::CarrierKind) -> &'static str {
    match kind {
        carrier::CarrierKind::HelmfileRelease => {
            "a Go template that is not YAML before helmfile has run it"
        }
        _ => "a template, not YAML",
    }
}

/// A text that Helm's YAML reader refuses, or reads otherwise than YAML says.
fn divergence(kind: &DivergenceKind) -> Reason {
    use DivergenceKind as K;
    const REFUSED: &str = "Helm's YAML reader refuses the file because of it.";
    let (what, why, next) = match kind {
        K::TabOnlyLine => ("an empty line holds a tab", REFUSED, "Remove it."),
        K::TabBeforeComment => ("a tab stands before this comment", REFUSED, "Remove it."),
        K::AnchorName => (
            "this anchor has characters other than letters, digits, `-` and `_`",
            REFUSED,
            "Rename the anchor and its aliases.",
        ),
        K::ColonInFlowKey => (
            "this `:` stands directly before a bracket or a comma",
            "Helm takes it for a part of the key; other readers take it for an empty value.",
            "Put a space behind the `:`.",
        ),
        K::LongKey => (
            "this key is longer than 1,024 characters",
            REFUSED,
            "Check that a quote or a line break is not missing.",
        ),
        K::FlowKeyOverLines => (
            "this key between brackets goes over several lines",
            REFUSED,
            "Write the key and its `:` on one line.",
        ),
        K::EndBeforeStart => (
            "the file begins with `...`, which ends a document",
            REFUSED,
            "Remove it.",
        ),
        K::UnicodeLineBreak => (
            "a line or paragraph separator stands here that is not a plain line break",
            "Helm takes it for a line break, other readers for a character.",
            "Remove it.",
        ),
    };
    Reason::new(what).why(why).next(next)
}
