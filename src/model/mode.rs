//! Permission bits and owners, as they are written.

use serde::Deserialize;
use serde_json::Value;

use super::compose::Word;

/// Permission bits, written as a quoted octal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Mode(pub u32);

/// A numeric user or group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Word")]
pub struct Id(pub u32);

impl Mode {
    /// Of a file that says nothing.
    pub(super) fn file() -> Self {
        Self(0o640)
    }

    /// Of a folder that says nothing.
    pub(super) fn folder() -> Self {
        Self(0o750)
    }
}

impl TryFrom<Value> for Mode {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        let bits = value.as_str().and_then(|text| u32::from_str_radix(text, 8).ok());
        // Unquoted, YAML would read 0640 as six hundred and forty.
        bits.filter(|bits| *bits <= 0o7777)
            .map(Self)
            .ok_or_else(|| format!("{value} is not a mode: write octal digits in quotes, as in \"0640\""))
    }
}

impl TryFrom<Word> for Id {
    type Error = String;
    fn try_from(word: Word) -> Result<Self, String> {
        let id =
            word.0.parse().map_err(|_| format!("`{}` is not a number: give a numeric user or group", word.0));
        id.map(Self)
    }
}
