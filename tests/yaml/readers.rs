//! The second reader: it agrees with the tree wherever Helm does, and speaks up where Helm would not read
//! what the tree reads.

use crate::material;
use crate::support::helm::{self, Major};
use refit::values::View;
use refit::yaml::{Tree, check_agreement};

/// Texts that the tree reads and refit takes for values.
fn readable(text: &str) -> Option<(Tree, refit::yaml::NodeId)> {
    let tree = Tree::parse(text).ok()?;
    let root = tree.documents().first()?.root;
    View::new(&tree, root).check().ok()?;
    Some((tree, root))
}

#[test]
fn what_helm_reads_the_second_reader_reads_too() {
    let Some(files) = material::material() else {
        return;
    };
    let Some(helm) = helm::helm(Major::Three) else {
        return;
    };
    let texts: Vec<(String, String)> = files
        .iter()
        .filter_map(|path| {
            let text = std::fs::read_to_string(path).ok()?;
            Some((material::name(path), text))
        })
        .filter(|(_, text)| text.len() < 400_000)
        .collect();
    let (mut agreed, mut problems, mut doubted) = (0, Vec::new(), Vec::new());
    for (name, text) in &texts {
        let Some((tree, root)) = readable(text) else {
            continue;
        };
        match check_agreement(&tree, root, None) {
            Ok(()) => agreed += 1,
            Err(found) => doubted.push((name, text, tree.position(found.offset), found)),
        }
    }
    let read = helm
        .read_each(doubted.iter().map(|(_, text, ..)| text.as_str()))
        .expect("Helm");
    for ((name, _, at, found), read) in doubted.iter().zip(read) {
        problems.push(format!("{name}: {at:?}: {found}; Helm: {:?}", read.err()));
    }
    println!("{agreed} agreed");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn what_helm_refuses_is_known_or_seen_by_the_second_reader() {
    let Some(helm) = helm::helm(Major::Three) else {
        return;
    };
    let texts = [
        "c: {a b\n  c: 2}\n",
        "c: {\"a\"\n  : 2}\n",
        "c: [a\n  : 2]\n",
        "...\n---\na: 1\n",
        "m: {a: 1, d: , e: !!null }\n",
        "m: {a: ?x, b: :y}\n",
        "m: {? a b\n  c : 1}\n",
        "m: [a: , b: 1]\n",
    ];
    let read = helm.read_each(texts).expect("Helm");
    for (text, read) in texts.iter().zip(read) {
        match (readable(text), read) {
            (None, _) => {}
            (Some((tree, root)), Ok(value)) => {
                assert_eq!(check_agreement(&tree, root, None), Ok(()), "{text}");
                let ours = View::new(&tree, root).values().expect("values");
                let ours = serde_json::Value::from(&refit::values::Value::Map(ours));
                assert_eq!(ours, value, "{text}");
            }
            (Some((tree, root)), Err(error)) => {
                assert!(
                    check_agreement(&tree, root, None).is_err(),
                    "{text}: {error}"
                );
            }
        }
    }
}
