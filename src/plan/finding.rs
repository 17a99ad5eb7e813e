//! What preflight found out: one line for the administrator who hands a platform over.

use std::fmt;

use serde::Serialize;

/// One thing that was checked on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was checked, as in `memory`.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What is there.
    pub found: String,
    /// What must be there.
    pub needed: String,
    /// What to do about it; `None` when all is well.
    pub remedy: Option<String>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All is well.
    Ok,
    /// It will work, and someone should know.
    Warning,
    /// Nothing is installed before this is put right.
    Failure,
}

impl Verdict {
    /// The word for it in a table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

impl Finding {
    pub(super) fn ok(check: &'static str, found: impl fmt::Display, needed: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.to_string(), needed: needed.into(), remedy: None }
    }

    /// Replaces the verdict by a warning with its way out.
    pub(super) fn warning(self, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, remedy: Some(remedy.into()), ..self }
    }

    /// Replaces the verdict by a failure with its way out.
    pub(super) fn failure(self, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Failure, remedy: Some(remedy.into()), ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, verdict, found, needed, remedy } = self;
        write!(f, "{} {check}: found {found}, needed {needed}", verdict.word())?;
        match remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}
