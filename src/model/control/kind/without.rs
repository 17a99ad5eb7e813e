//! Words that may not stand in files that are not ours.

use std::path::PathBuf;

use serde::Deserialize;

/// A word that may not stand in lines of a file that is not ours. The rest of the line stays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unwanted {
    /// Its absolute path.
    pub path: PathBuf,
    /// The word, with white space around it.
    pub word: String,
    /// It is about the lines that hold this and are not commented out.
    pub beside: String,
}
