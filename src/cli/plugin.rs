//! refit as a plugin of Helm: what Helm's own completion needs to know.
//!
//! Helm reads commands and flags from `completion.yaml`, which this writes from the command line itself,
//! and asks `plugin.complete` for the rest: versions, charts and steps. Both are hidden commands, for no
//! person has a use for them.

use std::fmt::Write as _;

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

/// What can stand where the last of these words begins, a line each, and Helm's directive: `:4` for no
/// files, `:0` for files as well.
pub fn complete(words: &[String]) -> String {
    let before = words.len().checked_sub(2).and_then(|at| words.get(at));
    let begun = words.last().map_or("", String::as_str);
    let packs: Vec<Pack> = built_in_names()
        .filter_map(|name| built_in(name).ok().flatten())
        .collect();
    let mut found: Vec<String> = match before.map(String::as_str) {
        Some("--from" | "--to") => packs
            .iter()
            .flat_map(|pack| pack.info.versions.keys().map(ToString::to_string))
            .collect(),
        Some("--chart") => packs.iter().map(|pack| pack.info.chart.clone()).collect(),
        Some("--only" | "--skip" | "--answer" | "explain") => {
            packs.iter().flat_map(steps).collect()
        }
        _ => return ":0\n".to_owned(),
    };
    found.retain(|word| word.starts_with(begun));
    found.push(":4".to_owned());
    found.join("\n") + "\n"
}

fn steps(pack: &Pack) -> Vec<String> {
    let versions = pack.migrated_versions();
    let migrations = versions.filter_map(|version| pack.migration(version).ok().flatten());
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
        let versions = complete(&words(&["upgrade", "--to", "0.15"]));
        assert_eq!(versions, "0.15.0\n:4\n");
        assert!(complete(&words(&["explain", "one-"])).contains("one-image\n"));
        assert_eq!(complete(&words(&["upgrade", "val"])), ":0\n");
    }
}
