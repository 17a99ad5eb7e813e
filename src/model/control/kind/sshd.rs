//! Directives of sshd: in our block at the top of its main file.

use serde::Deserialize;
use serde_json::Value;

use crate::model::compose::{List, Word};

/// The value of a directive of sshd.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Directive {
    /// One value.
    Value(String),
    /// Names of algorithms, the best first; those that the host's sshd does not know are left out.
    Names(Vec<String>),
}

impl TryFrom<Value> for Directive {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        if value.is_array() {
            return List::try_from(value).map(|list| Self::Names(list.0));
        }
        Word::try_from(value).map(|word| Self::Value(word.0))
    }
}
