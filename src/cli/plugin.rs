//! refit as a plugin of Helm: what Helm's own completion needs to know.
//!
//! Helm reads commands and flags from `completion.yaml`, which this writes from the command line itself,
//! and asks `plugin.complete` for the rest: versions, charts and steps. Both are hidden commands, for no
//! person has a use for them.

use std::{collections::BTreeSet, fmt::Write as _};

use clap::CommandFactory as _;
use refit::pack::{Pack, built_in, built_in_names};

use super::args::Cli;

/// `completion.yaml`.
pub fn completion_yaml() -> String {
    let mut cli = Cli::command();
    cli.build();
    let mut text = String::from(
        "# What `helm refit` completes; written by `refit plugin-completion`.\nname: refit\ncommands:\n",
    );
    for command in cli
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
    {
        let _ = writeln!(text, "  - name: {}", command.get_name());
        flags(command, 4, &mut text);
        let below: Vec<_> = command
            .get_subcommands()
            .filter(|c| c.get_name() != "help")
            .collect();
        if !below.is_empty() && command.get_name() != "help" {
            text.push_str("    commands:\n");
            for command in below {
                let _ = writeln!(text, "      - name: {}", command.get_name());
                flags(command, 8, &mut text);
            }
        }
    }
    text
}

fn flags(command: &clap::Command, indent: usize, text: &mut String) {
    let longs = command
        .get_arguments()
        .filter_map(|arg| arg.get_long().map(str::to_owned));
    // Helm reads these itself, and hands them on in the environment.
    let longs: Vec<String> = longs.filter(|long| long != "namespace").collect();
    if !longs.is_empty() {
        let _ = writeln!(text, "{:indent$}flags: [{}]", "", longs.join(", "));
    }
}

/// The completions of the last of these words, a line each, and Helm's directive: `:4` for no files, `:0` for files as
/// well.
pub fn complete(words: &[String]) -> String {
    let before = words.len().checked_sub(2).and_then(|at| words.get(at));
    let begun = words.last().map_or("", String::as_str);
    let flag = match before.map(String::as_str) {
        Some(
            flag @ ("--from" | "--to" | "--chart" | "--only" | "--skip" | "--answer" | "explain"),
        ) => flag,
        _ => return ":0\n".to_owned(),
    };
    if flag == "--chart" {
        return complete_from(built_in_names().map(str::to_owned).collect(), begun);
    }
    let named = words.iter().zip(words.iter().skip(1));
    let chart = named.rev().find(|(flag, _)| *flag == "--chart");
    let known = chart.filter(|(_, chart)| built_in_names().any(|known| known == *chart));
    let packs: Vec<Pack> = built_in_names()
        .filter(|name| known.is_none_or(|(_, chart)| name == chart))
        .filter_map(|name| built_in(name).ok().flatten())
        .collect();
    let found = match flag {
        "--from" | "--to" => packs
            .iter()
            .flat_map(|pack| pack.info.versions.keys().map(ToString::to_string))
            .collect(),
        _ => packs.iter().flat_map(steps).collect(),
    };
    complete_from(found, begun)
}

/// The words that go on as what was begun, each once, and that no files come into question.
fn complete_from(mut found: Vec<String>, begun: &str) -> String {
    let mut seen = BTreeSet::new();
    found.retain(|word| word.starts_with(begun) && seen.insert(word.clone()));
    found.push(":4".to_owned());
    found.join("\n") + "\n"
}

fn steps(pack: &Pack) -> Vec<String> {
    let versions = pack.migrated_versions();
    let migrations = versions.flat_map(|version| pack.migrations(version).unwrap_or_default());
    migrations
        .flat_map(|migration| migration.steps.iter().map(|step| step.id.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_steps_and_files_are_completed_where_they_stand() {
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        let versions = complete(&words(&["upgrade", "--chart", "arroyo", "--to", "0.15"]));
        assert_eq!(versions, "0.15.0\n:4\n");
        let of_all = complete(&words(&["upgrade", "--to", "0.15"]));
        assert_eq!(of_all.lines().filter(|line| *line == "0.15.0").count(), 1);
        assert!(of_all.contains("0.15.2\n"), "{of_all}");
        assert!(complete(&words(&["explain", "one-"])).contains("one-image\n"));
        assert_eq!(complete(&words(&["upgrade", "val"])), ":0\n");
    }
}
