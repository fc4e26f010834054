//! Answers on the command line.

use std::collections::{BTreeMap, btree_map::Entry};

use refit::{
    memory::{AnswerFile, MemoryError, error_at},
    migrate::{Answer, Answers},
};

/// Adds what `--answer` says to answers from files. A flag goes before a file: another option replaces
/// the whole answer, an input replaces that input. `RELEASE:` before an id answers for that release.
///
/// # Errors
///
/// If one has not the form `ID=OPTION` or `ID.INPUT=VALUE`, two contradict, or an input has no option.
pub fn add_flags(file: &mut AnswerFile, flags: &[String]) -> Result<(), MemoryError> {
    let mut of_releases: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut of_all = Vec::new();
    for flag in flags {
        let name = flag.split_once('=').map_or(flag.as_str(), |(name, _)| name);
        match name.rsplit_once(':') {
            Some((release, _)) if !release.is_empty() => {
                let flag = flag[release.len() + 1..].to_owned();
                of_releases.entry(release).or_default().push(flag);
            }
            _ => of_all.push(flag.clone()),
        }
    }
    add_to(&mut file.answers, &of_all)?;
    for (release, flags) in of_releases {
        let file = file.releases.entry(release.to_owned()).or_default();
        add_to(&mut file.answers, &flags)?;
    }
    Ok(())
}

fn add_to(answers: &mut Answers, flags: &[String]) -> Result<(), MemoryError> {
    let mut options: BTreeMap<&str, &str> = BTreeMap::new();
    let mut inputs: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for flag in flags {
        let place = format!("--answer {flag}");
        let form =
            "write --answer ID=OPTION to choose, and --answer ID.INPUT=VALUE for what it needs";
        let Some((name, value)) = flag.split_once('=') else {
            return Err(error_at(place, "there is no `=` in it", form));
        };
        let twice = |earlier: &str| {
            error_at(
                place.clone(),
                format!("`{name}` was answered before, with `{earlier}`"),
                "answer it once",
            )
        };
        match name.split_once('.') {
            _ if name.is_empty() || value.is_empty() && !name.contains('.') => {
                return Err(error_at(place, "a part of it is empty", form));
            }
            None => match options.insert(name, value) {
                Some(earlier) if earlier != value => return Err(twice(earlier)),
                _ => {}
            },
            Some((id, input)) if id.is_empty() || input.is_empty() => {
                return Err(error_at(place, "a part of it is empty", form));
            }
            Some(key) => match inputs.insert(key, value) {
                Some(earlier) if earlier != value => return Err(twice(earlier)),
                _ => {}
            },
        }
    }
    // Options first: the input of one may stand before it on the command line.
    for (id, option) in options {
        match answers.entry(id.to_owned()) {
            Entry::Occupied(entry) if entry.get().option == option => {}
            Entry::Occupied(mut entry) => *entry.get_mut() = chosen(option),
            Entry::Vacant(entry) => _ = entry.insert(chosen(option)),
        }
    }
    for ((id, input), value) in inputs {
        let Some(answer) = answers.get_mut(id) else {
            return Err(error_at(
                format!("--answer {id}.{input}={value}"),
                format!("`{id}` itself is not answered"),
                format!("choose an option too: --answer {id}=OPTION"),
            ));
        };
        answer.inputs.insert(input.to_owned(), value.to_owned());
    }
    Ok(())
}

fn chosen(option: &str) -> Answer {
    Answer {
        option: option.to_owned(),
        ..Answer::default()
    }
}

#[cfg(test)]
mod tests {
    use refit::memory::answers::parse;

    use super::*;

    fn flags(flags: &[&str]) -> Result<Answers, MemoryError> {
        let mut file = AnswerFile::default();
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        add_flags(&mut file, &flags).map(|()| file.answers)
    }

    #[test]
    fn flags_choose_options_and_fill_in_inputs() {
        let answers = flags(&["a.x=1=2", "a=both", "b=one"]).unwrap();
        assert_eq!(answers["a"].option, "both");
        assert_eq!(answers["a"].inputs["x"], "1=2");
        assert_eq!(answers["b"], chosen("one"));
        for (flag, says) in [
            ("a", "no `=`"),
            ("=a", "empty"),
            ("a=", "empty"),
            (".x=1", "empty"),
            ("a.=1", "empty"),
            ("a.x=1", "not answered"),
        ] {
            assert!(
                flags(&[flag]).unwrap_err().to_string().contains(says),
                "{flag}"
            );
        }
        assert!(
            flags(&["a=b", "a=c"])
                .unwrap_err()
                .to_string()
                .contains("answered before")
        );
        assert!(flags(&["a=b", "a=b"]).is_ok());
    }

    #[test]
    fn a_flag_goes_before_a_file() {
        let file = b"answers:\n  a: {option: one, inputs: {x: \"1\"}, evidence: {k: v}}\n";
        let mut same = parse("f", file).unwrap();
        add_flags(&mut same, &["a=one".into(), "a.y=2".into()]).unwrap();
        assert_eq!(same.answers["a"].inputs.len(), 2);
        assert!(same.answers["a"].evidence.is_some());
        let mut other = parse("f", file).unwrap();
        add_flags(&mut other, &["a=two".into()]).unwrap();
        assert_eq!(other.answers["a"], chosen("two"));
        let mut scoped = parse("f", file).unwrap();
        add_flags(&mut scoped, &["prod:a=two".into(), "prod:a.x=y:z".into()]).unwrap();
        assert_eq!(scoped.answers["a"].option, "one");
        assert_eq!(scoped.releases["prod"].answers["a"].inputs["x"], "y:z");
    }
}
