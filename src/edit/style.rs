//! The style of something new: that of its neighbours.

use super::EditError;
use crate::{
    values::{
        Value, key,
        write::{self, Context, Quotes},
    },
    yaml::{Want, WantEntry, WantKey},
};

/// The style of a new value.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// True if it stands between brackets.
    pub flow: bool,
    /// The quotes of the keys beside it. Where keys are quoted, as in JSON, texts are too.
    pub keys: Quotes,
}

impl Style {
    pub const PLAIN: Self = Self {
        flow: false,
        keys: Quotes::None,
    };

    fn context(self) -> Context {
        if self.flow {
            Context::Flow
        } else {
            Context::Block
        }
    }

    fn texts(self, like: Quotes) -> Quotes {
        if like == Quotes::None {
            self.keys
        } else {
            like
        }
    }
}

/// A key, as YAML source.
pub(super) fn styled_key(name: &str, style: Style) -> Result<String, EditError> {
    key::source(name, style.context(), style.keys).map_err(|error| EditError::Key {
        key: name.to_owned(),
        error,
    })
}

/// A key of a block map that is written anew, as YAML source.
///
/// # Errors
///
/// If it cannot be a key.
pub fn key_source(name: &str) -> Result<String, EditError> {
    styled_key(name, Style::PLAIN)
}

/// A value that is written anew, in block style.
///
/// # Errors
///
/// If a key in it cannot be one.
pub fn new_value(value: &Value, quotes: Quotes) -> Result<Want, EditError> {
    new_value_in(value, quotes, Style::PLAIN)
}

/// A value that is written anew.
pub(super) fn new_value_in(value: &Value, quotes: Quotes, style: Style) -> Result<Want, EditError> {
    Ok(match value {
        Value::Map(map) => Want::Map {
            base: None,
            entries: map
                .iter()
                .map(|(key, value)| {
                    let key = WantKey::New(styled_key(key, style)?);
                    Ok(WantEntry {
                        key,
                        value: new_value_in(value, quotes, style)?,
                    })
                })
                .collect::<Result<_, EditError>>()?,
        },
        Value::List(items) => Want::List {
            base: None,
            items: items
                .iter()
                .map(|item| new_value_in(item, quotes, style))
                .collect::<Result<_, _>>()?,
        },
        scalar => Want::Scalar(write::one_line(
            scalar,
            style.context(),
            style.texts(quotes),
        )),
    })
}
