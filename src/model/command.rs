//! A command for a host, as data: what is run, what goes in, what came out. Running it is the host's business.

use std::{fmt, path::Path, time::Duration};

use super::secret::Secret;

/// A POSIX shell script for one host. Its text may be shown and logged; what must stay hidden goes through `stdin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The text given to `sh -c` on the host; visible in the host's process list, so it never holds a secret.
    pub script: String,
    /// What the script reads; file contents and secrets travel here and are never shown.
    pub stdin: Secret,
    /// Whose rights it runs with.
    pub rights: Rights,
    /// After this the host itself ends the script (`timeout -k 5`).
    pub within: Duration,
    /// Whether it may run when the host is another's by now.
    pub under: Under,
    /// The most it may print, bytes; beyond this it is cut off.
    pub most: usize,
}

/// Under what a script runs as root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// The lock of the host, where this run has taken it: once it is lost, the script is not begun.
    Lock,
    /// Nothing: it only looks, and its answer counts whoever has the lock.
    Nothing,
}

/// Whose rights a command runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// The user we logged in as.
    Login,
    /// root: directly, or through sudo.
    Root,
}

/// Long enough for any script that only reads or writes files, short enough to notice a hanging host. Seconds.
const USUAL: Duration = Duration::from_secs(60);

/// What a script may print that is not asked for more: no more than a few files. Bytes.
const ANSWER: usize = 16 << 20;

impl Command {
    /// A script that runs as root, with nothing on stdin, for at most a minute.
    pub fn root(script: impl Into<String>) -> Self {
        Self {
            script: script.into(),
            stdin: Secret::default(),
            rights: Rights::Root,
            within: USUAL,
            under: Under::Lock,
            most: ANSWER,
        }
    }

    /// A script that runs as the login user.
    pub fn login(script: impl Into<String>) -> Self {
        Self { rights: Rights::Login, ..Self::root(script) }
    }

    /// Gives the script something to read.
    #[must_use]
    pub fn stdin(self, stdin: impl Into<String>) -> Self {
        Self { stdin: Secret::new(stdin), ..self }
    }

    /// Lets the script run also when the lock is lost.
    #[must_use]
    pub fn without_lock(self) -> Self {
        Self { under: Under::Nothing, ..self }
    }

    /// Sets the most that the script may print, bytes.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Sets the time after which the host ends the script.
    #[must_use]
    pub fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }
}

/// What a command printed and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    /// Standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
    /// How it ended.
    pub exit: Exit,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// With this code.
    Code(u32),
    /// By this signal, named without `SIG`.
    Signal(String),
}

impl Default for Exit {
    fn default() -> Self {
        Self::Code(0)
    }
}

impl Output {
    /// Whether it ended with code 0.
    pub fn ok(&self) -> bool {
        self.exit == Exit::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(124) => f.write_str("ran out of time"),
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(name) => write!(f, "signal {name}"),
        }
    }
}

/// Shell lines that take a text from stdin into a file, or end the script. A connection that breaks in between looks like
/// the end of a shorter text, so its length in bytes is counted.
pub fn take_in(file: &str, text: &str) -> String {
    format!("cat > {file} || exit 1; [ \"$(wc -c < {file})\" -eq {} ] || exit 1", text.len())
}

/// A script of a file, with texts in its places, each named as in `@NAMES@`.
pub fn filled<const N: usize>(file: &str, places: [(&str, &str); N]) -> String {
    places.iter().fold(file.trim_ascii_end().to_owned(), |script, (place, text)| script.replace(place, text))
}

/// Quotes a text as one word for a POSIX shell.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A path as one word for a POSIX shell.
pub fn quote_path(path: &Path) -> String {
    quote(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_of_a_file_gets_its_texts() {
        assert_eq!(filled("echo @WHAT@ @WHAT@\n", [("@WHAT@", "'it'")]), "echo 'it' 'it'");
    }

    #[test]
    fn quoting_leaves_nothing_to_the_shell() {
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("it's $HOME"), r"'it'\''s $HOME'");
    }
}
