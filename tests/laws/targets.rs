//! What must hold of any bytes at all: one function for each way in.
//!
//! Each takes bytes and says what is wrong; a panic is wrong, too. Where a way in needs several files they stand
//! in one text, each below a line `=== NAME`, and where it needs decisions they are the bytes of the first line, so
//! that whatever is changed stays something that a person can read.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path},
    sync::OnceLock,
};

use refit::{
    carrier,
    load::{InputFile, ReleaseRequest, load},
    migrate::Answers,
    outcome::{Outcome, Refusal},
    pack::{Pack, check::check_pack},
    plan::Selection,
    report::{Detail, Masker, ReportStyle, json, markdown, text},
    upgrade::{Request, upgrade},
    values::View,
    walk::{self, Limits, NamedPath},
    yaml::Tree,
};
use semver::Version;

use super::{
    choice::Choices,
    edit_law::edited_right_or_refused,
    engine::run,
    laws,
    own_keys::{pack_for, versions},
};

/// Reading: what is not refused in words can be read as Helm reads it, and twice alike.
pub fn loader(data: &[u8]) -> Result<(), String> {
    let file = match load(&InputFile::Stdin(data.to_vec())) {
        Ok(file) => file,
        Err(error) => return in_words(&refit::refusal::load(&error)),
    };
    let values = file.view().values().map_err(|e| format!("loaded: {e}"))?;
    for node in file.tree.nodes() {
        let span = file.tree.span(node);
        if file.text.get(span.clone()).is_none() {
            return Err(format!("{span:?} is no part of the text"));
        }
    }
    let again = Tree::parse(file.text.to_string()).map_err(|e| format!("read again: {e}"))?;
    let root = again.documents()[0].root;
    match View::new(&again, root).values() {
        Ok(same) if same == values => Ok(()),
        other => Err(format!("read again it is {other:?}, not {values:?}")),
    }
}

/// Edits of a text.
pub fn rewrite(data: &[u8]) -> Result<(), String> {
    let (mut choices, text) = split(data);
    edited_right_or_refused(&text, &mut choices).map(|_| ())
}

/// A pack of a stranger, with values for it in `values.yaml`: a mistake of it is told, in words, and nothing else
/// happens.
pub fn pack(data: &[u8]) -> Result<(), String> {
    let mut files = members(&String::from_utf8_lossy(data));
    let values = files.remove("values.yaml").unwrap_or_default();
    let pack = match Pack::from_texts(files) {
        Ok(pack) => pack,
        Err(error) => return in_words(&refit::refusal::request::pack(&error).of("pack")),
    };
    for finding in check_pack(&pack) {
        is_clean(&format!("{finding:?}"), "a finding")?;
    }
    let versions: Vec<&Version> = pack.info.versions.keys().collect();
    let (Some(&first), Some(&last)) = (versions.first(), versions.last()) else {
        return Ok(());
    };
    let answers = Answers::new();
    let text = values.as_bytes();
    match run(
        &pack,
        text,
        first,
        last,
        &answers,
        &Selection::default(),
        true,
    ) {
        Ok(_) => Ok(()),
        // An expression can fail, and a migration can be none. A setting that is lost, or values that are not
        // what the text says, would be refit's own doing.
        // Migrations are read when a way needs them: one that is no YAML is told by its name.
        Err(wrong) if wrong.starts_with("no plan: ") => is_clean(&wrong, "an error"),
        Err(wrong) if wrong.starts_with("oracle") || wrong.contains("YAML") => Err(wrong),
        Err(wrong) if wrong.contains("no fate") => Err(wrong),
        Err(_) => Ok(()),
    }
}

/// A repository of manifests: it is upgraded once, or refused in words, and nothing outside it is looked at.
pub fn carriers(data: &[u8]) -> Result<(), String> {
    let files = members(&String::from_utf8_lossy(data));
    for (name, text) in &files {
        if let Ok(tree) = Tree::parse(text.as_str()) {
            // Without the files beside it.
            let _ = carrier::find(&tree, Path::new(name));
        }
    }
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    // Where the repository ends.
    fs::create_dir(folder.path().join(".git")).map_err(|e| e.to_string())?;
    for (name, text) in &files {
        let path = folder.path().join(name);
        // Two names may need one place.
        let _ = path.parent().map(fs::create_dir_all);
        let _ = fs::write(&path, text);
    }
    let request = || Request {
        found: walk::find(
            &[NamedPath::Argument(folder.path().to_owned())],
            Limits::default(),
        )
        .files,
        accept_recommended: true,
        ..Request::default()
    };
    rests(&request, &|name, after| {
        fs::write(name, after).map_err(|e| e.to_string())
    })
}

/// A whole upgrade of a values file, with the laws that hold of one.
pub fn whole_upgrade(data: &[u8]) -> Result<(), String> {
    static ARROYO: OnceLock<Pack> = OnceLock::new();
    let arroyo = ARROYO.get_or_init(|| {
        let pack = refit::pack::built_in("arroyo").expect("it can be read");
        pack.expect("it is built in")
    });
    let (mut choices, text) = split(data);
    let known: Vec<&Version> = arroyo.info.versions.keys().collect();
    let from = choices.below(known.len());
    let to = from + choices.below(known.len() - from);
    let (from, to) = (known[from].clone(), known[to].clone());
    if choices.once_in(2) {
        return of_its_own_keys(&text, &mut choices);
    }
    if let Ok(done) = run(
        arroyo,
        text.as_bytes(),
        &from,
        &to,
        &Answers::new(),
        &Selection::default(),
        true,
    )? {
        laws::all(&done)?;
    }
    let now = std::cell::RefCell::new((text, from.clone()));
    let request = || {
        let now = now.borrow();
        Request {
            releases: vec![ReleaseRequest::new(vec![InputFile::Stdin(
                now.0.clone().into_bytes(),
            )])],
            chart: Some("arroyo".to_owned()),
            from: Some(now.1.clone()),
            to: Some(to.clone()),
            accept_recommended: true,
            ..Request::default()
        }
    };
    rests(&request, &|_, after| {
        *now.borrow_mut() = (after.to_owned(), to.clone());
        Ok(())
    })
}

/// The same with a pack that moves what the file has at its root.
fn of_its_own_keys(text: &str, choices: &mut Choices) -> Result<(), String> {
    let Ok(loaded) = load(&InputFile::Stdin(text.as_bytes().to_vec())) else {
        return Ok(());
    };
    let values = loaded.view().values().map_err(|e| e.to_string())?;
    let keys: Vec<String> = values.keys().cloned().collect();
    let files = pack_for(choices, &keys);
    // A key that is no text, or too long for a path, is no key of a pack.
    let Ok(pack) = Pack::from_texts(files.into_iter().collect()) else {
        return Ok(());
    };
    let (from, to) = versions();
    let run = |text: &[u8], from: &Version| {
        let selection = Selection::default();
        run(&pack, text, from, &to, &Answers::new(), &selection, true)
    };
    let Ok(done) = run(text.as_bytes(), &from)? else {
        return Ok(());
    };
    laws::all(&done)?;
    match run(done.after.as_bytes(), &to)? {
        Ok(again) if !again.edited => Ok(()),
        Ok(again) => Err(format!(
            "edited again:\n{}\n=== to\n{}",
            done.after, again.after
        )),
        Err(refused) => Err(format!("the result is {}:\n{}", refused.kind(), done.after)),
    }
}

/// Upgrades, puts what comes of it where it was read, and upgrades again: nothing is left to do then, and neither
/// run says that refit failed.
fn rests(
    request: &dyn Fn() -> Request,
    put: &dyn Fn(&str, &str) -> Result<(), String>,
) -> Result<(), String> {
    let first = upgrade(&request());
    sound(&first)?;
    let mut changed = false;
    for file in first.files().into_iter().filter(|file| file.changed) {
        put(&file.name, &file.after)?;
        changed = true;
    }
    if !changed {
        return Ok(());
    }
    let second = upgrade(&request());
    sound(&second)?;
    let left: Vec<_> = second.files().into_iter().filter(|f| f.changed).collect();
    match left.first() {
        None => Ok(()),
        Some(file) => Err(format!(
            "a second run does not rest:\n{}\n=== to\n{}",
            file.before, file.after
        )),
    }
}

/// No refusal is refit's own fault, and no report holds what a terminal would obey.
fn sound(outcome: &Outcome) -> Result<(), String> {
    for refusal in &outcome.refused {
        let why = refusal.why.as_deref().unwrap_or_default();
        if refusal.what.contains("fault of refit") || why.contains("fault of refit") {
            return Err(format!("{refusal:#?}"));
        }
    }
    let files = outcome.files();
    let masker = Masker::for_files(files.iter().map(|file| &***file));
    let look = ReportStyle {
        detail: Detail::Verbose,
        ..ReportStyle::default()
    };
    is_clean(&text::render_report(outcome, look, &masker), "the report")?;
    is_clean(&text::render_summary(outcome, look, &masker), "the summary")?;
    is_clean(&markdown::render(outcome, &masker), "the Markdown")?;
    let json = json::render(outcome, &masker, true).map_err(|e| e.to_string())?;
    is_clean(&json, "the JSON")
}

fn in_words(refusal: &Refusal) -> Result<(), String> {
    match refusal.what.trim() {
        "" => Err(format!("it is refused without a word: {refusal:?}")),
        what if what.contains("fault of refit") => Err(what.to_owned()),
        _ => Ok(()),
    }
}

/// Whether a text has nothing that a terminal obeys and no marks that turn the direction of what follows.
fn is_clean(text: &str, what: &str) -> Result<(), String> {
    let obeyed = |c: &char| {
        c.is_control() && *c != '\n' && *c != '\t'
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    match text.chars().find(obeyed) {
        None => Ok(()),
        Some(found) => Err(format!("{what} holds {found:?}:\n{text:?}")),
    }
}

/// The decisions in the first line, and the text behind it.
fn split(data: &[u8]) -> (Choices, String) {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (first, rest) = match end {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (&data[..0], data),
    };
    let made: Vec<u32> = first.iter().map(|byte| u32::from(*byte)).collect();
    let text = String::from_utf8_lossy(rest).into_owned();
    (Choices::replay(&made, 0), text)
}

/// The files in a text, by name; none has a name that leads out of a folder.
fn members(text: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let text = format!("\n{text}");
    for member in text.split("\n=== ").skip(1) {
        let (name, text) = member.split_once('\n').unwrap_or((member, ""));
        let mut parts = Path::new(name).components();
        let stays = parts.all(|part| matches!(part, Component::Normal(_)));
        if stays && !name.is_empty() && !name.contains('\0') && name.len() < 200 {
            files.insert(name.to_owned(), format!("{text}\n"));
        }
    }
    files
}
