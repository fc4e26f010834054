//! What is measured inside a process: the parser alone, and what refit builds on it.

use std::{hint::black_box, path::Path, time::Instant};

use anyhow::{Context as _, Result};
use granit_parser::{Parser, options};
use refit::{
    load::{InputFile, load},
    values::View,
    yaml::Tree,
};

/// A part of the pipeline.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading the file: what every other stage costs more than this is its own.
    Nothing,
    /// The event parser with comments, its events thrown away: the yardstick.
    Parser,
    /// [`Tree::parse`].
    Tree,
    /// [`Tree::parse`] and [`View::values`].
    Values,
    /// [`load`]: the file read, its tree built, all that Helm would refuse looked for.
    Load,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Parser,
        Self::Tree,
        Self::Values,
        Self::Load,
    ];

    /// Its name on this program's own command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Parser => "parser",
            Self::Tree => "tree",
            Self::Values => "values",
            Self::Load => "load",
        }
    }

    /// Runs it once on a file.
    pub fn run(self, file: &Path) -> Result<()> {
        if self == Self::Load {
            let loaded = load(&InputFile::Path(file.to_owned()));
            black_box(loaded.map_err(|e| anyhow::anyhow!("{:?}", e.kind))?);
            return Ok(());
        }
        let text = std::fs::read_to_string(file).context("the input cannot be read")?;
        match self {
            Self::Nothing | Self::Load => {}
            Self::Parser => parse(&text)?,
            Self::Tree => {
                black_box(Tree::parse(text)?);
            }
            Self::Values => {
                let tree = Tree::parse(text)?;
                black_box(View::new(&tree, tree.documents()[0].root).values()?);
            }
        }
        Ok(())
    }

    /// The least time of several runs, in seconds.
    pub fn time(self, file: &Path, runs: usize) -> Result<f64> {
        let mut least = f64::INFINITY;
        for _ in 0..runs {
            let start = Instant::now();
            self.run(file)?;
            least = least.min(start.elapsed().as_secs_f64());
        }
        Ok(least)
    }
}

fn parse(text: &str) -> Result<()> {
    let options = options! {
        emit_anchor_events: true,
        max_buffered_comment_events: usize::MAX,
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    while let Some(event) = parser.next_event() {
        black_box(event?);
    }
    Ok(())
}
