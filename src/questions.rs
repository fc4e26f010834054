//! The questions and steps of refit itself, which no pack has: their ids, when each can be judged, and whether a
//! run can go on without it.
//!
//! They are asked in several places (the migrations, the edits, what releases share), and known in many more: a
//! pack may not take their ids, a command line may answer them, a review has to know when to ask. So they stand
//! here in one list, in alphabetical order; everything else looks them up, and docs/packs.md shows the list. It is
//! data: it asks nothing, and must know nothing of charts.

/// The question whether values were upgraded before that are said to be for an older version.
pub const ALREADY_DONE: &str = "already-done";
/// The question whether values that several places share by an alias get a copy of their own.
pub const DETACH: &str = "detach";
/// Settings written out where the layers of a release would mean something else together. It asks nothing.
pub const LAYERS: &str = "layers";
/// The question which of two values counts where one in use stands at another's new place. Each place has its own.
pub const LIVE_KEY: &str = "live-key";
/// The question about the fate of a comment that another program looks for.
pub const MARKER: &str = "marker";
/// The question which of two settings counts, where a manifest sets it in two ways.
pub const PRECEDENCE: &str = "precedence";
/// The question whether a manifest's version was raised before its values.
pub const RAISED_FIRST: &str = "raised-first";
/// The question whether to go on without a layer that cannot be read.
pub const SEALED_LAYER: &str = "sealed-layer";
/// The question which release a layer follows that several share. It stands in each of these releases.
pub const SHARED_LAYER: &str = "shared-layer";
/// The question whether a full copy of old defaults is thinned out.
pub const STRIP_DEFAULTS: &str = "strip-defaults";

/// The time at which a question or step can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Before all else: what the values are depends on it.
    First,
    /// Among the steps.
    Among,
    /// After all else of the release is decided: it is about the edits that come of it.
    Last,
    /// After all else of all releases is decided.
    Together,
}

/// A question or step of refit itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefitQuestion {
    /// The name for `--answer` and `--skip`.
    pub id: &'static str,
    /// The time at which it can be judged.
    pub stage: Stage,
    /// True if it asks something.
    pub asks: bool,
    /// True if `--skip` has an effect: answers that refit needs to edit at all cannot be left out.
    pub can_be_left_out: bool,
    /// The title, as an order.
    pub title: &'static str,
}

/// All of them.
pub const ALL: &[RefitQuestion] = &[
    RefitQuestion {
        id: ALREADY_DONE,
        stage: Stage::First,
        asks: true,
        can_be_left_out: false,
        title: "Say whether values were upgraded before",
    },
    RefitQuestion {
        id: DETACH,
        stage: Stage::Last,
        asks: true,
        can_be_left_out: false,
        title: "Give values that several places share a copy of their own",
    },
    RefitQuestion {
        id: LAYERS,
        stage: Stage::Among,
        asks: false,
        can_be_left_out: false,
        title: "Keep what the layers mean together",
    },
    RefitQuestion {
        id: LIVE_KEY,
        stage: Stage::Among,
        asks: true,
        can_be_left_out: false,
        title: "Say which of two values in use counts",
    },
    RefitQuestion {
        id: MARKER,
        stage: Stage::Last,
        asks: true,
        can_be_left_out: false,
        title: "Keep what other programs write to",
    },
    RefitQuestion {
        id: PRECEDENCE,
        stage: Stage::First,
        asks: true,
        can_be_left_out: false,
        title: "Say which of two settings counts",
    },
    RefitQuestion {
        id: RAISED_FIRST,
        stage: Stage::First,
        asks: true,
        can_be_left_out: false,
        title: "Say which version the values are for",
    },
    RefitQuestion {
        id: SEALED_LAYER,
        stage: Stage::Among,
        asks: true,
        can_be_left_out: false,
        title: "Mind the layers that cannot be read",
    },
    RefitQuestion {
        id: SHARED_LAYER,
        stage: Stage::Together,
        asks: true,
        can_be_left_out: false,
        title: "Keep apart what releases want of a layer that they share",
    },
    RefitQuestion {
        id: STRIP_DEFAULTS,
        stage: Stage::Among,
        asks: true,
        can_be_left_out: true,
        title: "Take away what only repeats the old chart's defaults",
    },
];

/// The id without the place that a question is about, where each place has one of its own.
#[must_use]
pub fn kind_of(id: &str) -> &str {
    id.split_once('/').map_or(id, |(kind, _)| kind)
}

/// The one with this id; `None` for the steps of packs.
#[must_use]
pub fn built_in(id: &str) -> Option<&'static RefitQuestion> {
    let id = kind_of(id);
    ALL.iter().find(|built_in| built_in.id == id)
}

/// The title of the one with this id; empty for an id that is not in the list.
#[must_use]
pub fn title(id: &str) -> &'static str {
    built_in(id).map_or("", |built_in| built_in.title)
}

/// The time at which a step or question can be judged: those of packs stand among the steps.
#[must_use]
pub fn stage(id: &str) -> Stage {
    built_in(id).map_or(Stage::Among, |built_in| built_in.stage)
}

/// True if a step or question can be left out: those of packs can.
#[must_use]
pub fn can_be_left_out(id: &str) -> bool {
    built_in(id).is_none_or(|built_in| built_in.can_be_left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_packs_shows_this_list() {
        let page = include_str!("../docs/packs.md");
        let (_, behind) = page
            .split_once("<!-- built-in: src/questions.rs -->\n")
            .unwrap();
        let (shown, _) = behind.split_once("<!-- end -->").unwrap();
        let mut table =
            String::from("\n| id | what it does | asks | `--skip` |\n| --- | --- | --- | --- |\n");
        for RefitQuestion {
            id,
            title,
            asks,
            can_be_left_out,
            ..
        } in ALL
        {
            let word = |yes: bool| if yes { "yes" } else { "no" };
            let (asks, skip) = (word(*asks), word(*can_be_left_out));
            table.push_str(&format!("| `{id}` | {title} | {asks} | {skip} |\n"));
        }
        table.push('\n');
        assert_eq!(
            shown, table,
            "docs/packs.md should have this table:\n{table}"
        );
    }

    #[test]
    fn ids_are_in_order_and_titled() {
        assert!(ALL.is_sorted_by(|a, b| a.id < b.id));
        assert!(ALL.iter().all(|one| title(one.id) == one.title));
    }
}
