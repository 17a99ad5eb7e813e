//! What is wrong in a file, and where.

/// What is wrong in a role's file, and at which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The way to the key, as in `services.core.ports[0]`; empty: the whole file.
    pub path: String,
    /// What is wrong, a lower-case fragment.
    pub message: String,
}

impl Fault {
    /// A fault at a key.
    pub fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// In words, with the file it stands in.
    pub fn within(&self, file: &str) -> String {
        if self.path.is_empty() {
            format!("{file}: {}", self.message)
        } else {
            format!("{file}: `{}`: {}", self.path, self.message)
        }
    }
}
