//! Problems of a file, as a value that a face can show in its own way.

use std::path::{Path, PathBuf};

use crate::model::problem::{Problem, Severity};

/// Problems of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The file.
    pub file: PathBuf,
    /// Its text, in which the places are counted. It may hold secrets.
    pub text: String,
    /// What is wrong with it.
    pub list: Vec<Problem>,
}

impl Problems {
    /// Problems of a file with this text.
    pub fn of(file: &Path, text: &str, list: Vec<Problem>) -> Self {
        Self { file: file.to_owned(), text: text.to_owned(), list }
    }

    /// The same, as something that is only worth a thought.
    #[must_use]
    pub fn as_warnings(mut self) -> Self {
        self.list.iter_mut().for_each(|problem| problem.severity = Severity::Warning);
        self
    }
}
