//! Names of many files in little room: those that differ in one part are written as one, as a shell would take them
//! (`apps/arroyo-{1,2}.yaml`), and one that is too wide is cut in its middle.

use crate::report::page::columns_of;

/// The sign for what was cut.
const CUT: char = '…';

/// Names that are written as one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Folded {
    /// The text for them.
    pub text: String,
    /// Their number.
    pub names: usize,
}

/// Names in their order, those beside each other as one where they differ in one part of one folder or file name and
/// the whole fits in so many columns. What is too wide by itself is cut.
pub(super) fn fold_names(names: &[&str], room: usize) -> Vec<Folded> {
    let mut all = Vec::new();
    let mut rest = names;
    while !rest.is_empty() {
        let fits =
            |n: &usize| brace_names(&rest[..*n]).is_some_and(|text| columns_of(&text) <= room);
        let n = (2..=rest.len()).take_while(fits).last().unwrap_or(1);
        let text = brace_names(&rest[..n]).unwrap_or_else(|| cut_in_middle(rest[0], room));
        all.push(Folded { text, names: n });
        rest = &rest[n..];
    }
    all
}

/// Several names as one, if they can be.
fn brace_names(names: &[&str]) -> Option<String> {
    // Signs of its own (braces, the `#` in front of a release, what a generator made it of) could not be told from
    // those of the fold.
    let is_plain =
        |name: &&str| !name.contains(|c: char| c.is_whitespace() || "{},()#".contains(c));
    let [first, others @ ..] = names else {
        return None;
    };
    if others.is_empty() || !names.iter().all(is_plain) {
        return None;
    }
    let before = others.iter().copied().fold(*first, same_begin);
    // Only whole words differ: `values-{dev,demo}.yaml`, and not `values-de{v,mo}.yaml`.
    let before = before.rfind(is_boundary).map_or(0, |at| at + 1);
    let ends = names.iter().map(|name| &name[before..]);
    let behind = ends.clone().reduce(same_end)?;
    let behind = behind.find(is_boundary).map_or("", |at| &behind[at..]);
    let parts: Vec<&str> = ends.map(|end| &end[..end.len() - behind.len()]).collect();
    let is_part = |part: &&str| !part.is_empty() && !part.contains('/');
    let is_one_name_twice = (1..parts.len()).any(|at| parts[..at].contains(&parts[at]));
    (parts.iter().all(is_part) && !is_one_name_twice).then(|| {
        let before = &first[..before];
        format!("{before}{{{}}}{behind}", parts.join(","))
    })
}

fn is_boundary(c: char) -> bool {
    matches!(c, '/' | '-' | '_' | '.')
}

/// The characters that two names begin with.
pub(super) fn same_begin<'n>(one: &'n str, other: &str) -> &'n str {
    let same = one.char_indices().zip(other.chars());
    let end = same
        .skip_while(|((_, a), b)| a == b)
        .map(|((at, _), _)| at)
        .next();
    &one[..end.unwrap_or(one.len().min(other.len()))]
}

fn same_end<'n>(one: &'n str, other: &'n str) -> &'n str {
    let same = one.chars().rev().zip(other.chars().rev());
    let bytes = same.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8());
    &one[one.len() - bytes.sum::<usize>()..]
}

/// A name in so many columns: its end, which tells most, and as much of its beginning as fits.
pub(super) fn cut_in_middle(name: &str, room: usize) -> String {
    if columns_of(name) <= room {
        return name.to_owned();
    }
    // Where signs beyond ASCII cannot be shown, it is three points.
    let room = room.saturating_sub(3);
    let fits = |text: &str, room: usize| columns_of(text) <= room;
    let starts = name.char_indices().map(|(at, _)| at);
    let mut ends = starts.clone().filter(|at| fits(&name[*at..], room * 2 / 3));
    let behind = &name[ends.next().unwrap_or(name.len())..];
    let room = room - columns_of(behind);
    let before = starts.take_while(|at| fits(&name[..*at], room)).last();
    format!("{}{CUT}{behind}", &name[..before.unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(names: &[&str], room: usize) -> Vec<String> {
        let all = fold_names(names, room);
        let counted: usize = all.iter().map(|folded| folded.names).sum();
        assert_eq!(counted, names.len());
        all.into_iter().map(|folded| folded.text).collect()
    }

    #[test]
    fn names_that_differ_in_one_part_are_one() {
        let names = [
            "tree/ads/apps/arroyo-14.yaml",
            "tree/ads/apps/arroyo-2.yaml",
            "tree/ads/kust-20/kustomization.yaml",
            "tree/ads/kust-32/kustomization.yaml",
            "tree/web.yaml",
        ];
        assert_eq!(
            texts(&names, 80),
            [
                "tree/ads/apps/arroyo-{14,2}.yaml",
                "tree/ads/kust-{20,32}/kustomization.yaml",
                "tree/web.yaml",
            ]
        );
        assert_eq!(texts(&["api.yaml", "web.yaml"], 80), ["{api,web}.yaml"]);
        // The end of one is not taken for its beginning as well.
        assert_eq!(texts(&["a-a.yaml", "a.yaml"], 80), ["{a-a,a}.yaml"]);
    }

    #[test]
    fn names_that_a_shell_would_read_otherwise_stay_apart() {
        assert_eq!(texts(&["a,b.yaml", "a,c.yaml"], 80).len(), 2);
        assert_eq!(texts(&["a b/x.yaml", "a c/x.yaml"], 80).len(), 2);
        assert_eq!(texts(&["a/b/x.yaml", "a/c/d/x.yaml"], 80).len(), 2);
        assert_eq!(texts(&["same.yaml", "same.yaml"], 80).len(), 2);
    }

    #[test]
    fn what_has_no_room_is_cut_or_stands_by_itself() {
        assert_eq!(texts(&["apps/one.yaml", "apps/two.yaml"], 18).len(), 2);
        for (name, room) in [
            ("clusters/production/apps/media/plex.yaml", 24),
            ("日本日本日本日本.yaml", 12),
        ] {
            let cut = cut_in_middle(name, room);
            assert!(cut.ends_with(".yaml"), "{cut}");
            assert!(
                (room - 4..=room).contains(&columns_of(&cut.replace('…', "..."))),
                "{cut}"
            );
        }
        assert_eq!(cut_in_middle("short.yaml", 10), "short.yaml");
    }
}
