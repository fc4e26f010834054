//! The tutorial of docs/packs.md, from two chart folders to a tested pack, run as it stands there.

use std::{fs, path::Path, process::Command};

use crate::support::{self, copy_folder, helm};

/// A fenced block of a page: what is behind the fence, and what is in it.
fn blocks(page: &str) -> Vec<(&str, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(about) = line.strip_prefix("```").filter(|about| !about.is_empty()) else {
            continue;
        };
        let text = lines.by_ref().take_while(|line| *line != "```");
        blocks.push((about, text.map(|line| format!("{line}\n")).collect()));
    }
    blocks
}

#[test]
fn the_tutorial_works_as_it_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/packs.md")).unwrap();
    let start = page
        .find("## A pack in one sitting\n")
        .expect("the tutorial");
    let section = &page[start..];
    let section = &section[..section[3..]
        .find("\n## ")
        .map_or(section.len(), |end| end + 3)];
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root.join("examples"), &folder.path().join("examples"));
    let helm = helm::each().last();
    let mut said = String::new();
    let mut commands = 0;
    for (about, text) in blocks(section) {
        if let Some(file) = about.strip_prefix("yaml ") {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        } else if about == "sh" {
            said.clear();
            for line in text.lines() {
                let mut words: Vec<&str> = line.split(' ').collect();
                assert_eq!(words.remove(0), "refit", "{line}");
                if helm.is_none() && words.contains(&"--chart") && words[1] == "test" {
                    support::not_run("Helm", "the tutorial renders charts with it");
                    words.truncate(3);
                }
                let mut command = match helm {
                    Some(helm) => helm::refit(helm.program(), folder.path()),
                    None => Command::new(env!("CARGO_BIN_EXE_refit")),
                };
                command.current_dir(folder.path()).args(&words);
                let output = command.output().unwrap();
                said += &String::from_utf8_lossy(&output.stdout);
                said += &String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{line}\n{said}");
                commands += 1;
            }
        } else if about == "text" {
            for line in text.lines() {
                if helm.is_none() && line.contains("rendered") {
                    continue;
                }
                assert!(said.contains(line), "`{line}` is not in\n{said}");
            }
        }
    }
    assert_eq!(commands, 6);
    let after = fs::read_to_string(folder.path().join("my-pack/cases/fjord/expected.yaml"));
    let wanted = "# The shop of Fjord Books.\nreplicas: 3   # one for each zone\ningress: {enabled: true, hostname: shop.fjord.example}\n";
    assert_eq!(after.unwrap(), wanted);
}
