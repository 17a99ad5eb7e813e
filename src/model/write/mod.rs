//! The one writer: whatever a root script writes, copies, makes or removes on a host, it does with it.
//!
//! * It is durable: a new file is on the disk before it takes its place, and its place is on the disk before the script
//!   goes on. A power cut leaves the old file or the new one, and never an empty one.
//! * It goes from folder to folder and follows a link only where nobody but root can have put it: what a container writes
//!   in is no way to the rest of the host. What is half written has a name that nobody can know before.
//! * It compares: a file that is not what it was when it was looked at is left alone, and the script ends with
//!   [`CHANGED`].
//! * What is ours for as long as the inventory wants it is on a list of its own ([`WRITTEN`](super::place::WRITTEN)): from
//!   before it is there until it is gone. What such a call is about may be a secret, and so may be its hash.
//! * What others had in such a place is kept ([`REPLACED`](super::place::REPLACED)): on the disk before the list says
//!   that the place is ours, and until it is back and the list has forgotten the place.
//!
//! It is written in Perl because the shell cannot do any of this: it has no `openat`, no `O_NOFOLLOW`, and `cp`, `mv`, and
//! `chmod` walk every path anew. perl-base is on every Debian.

use std::{borrow::Cow, path::Path};

use sha2::{Digest as _, Sha256};

use super::command::{Command, quote, quote_path};

/// With this code a script ends that found another file than was looked at.
pub const CHANGED: u32 = 76;

/// How the writer's own words end, by which it is told from other programs that end with [`CHANGED`].
pub const CHANGED_SAYS: &str = ": changed since it was looked at";

/// How the names of half-written files begin, beside the files they are to become.
pub const HALF: &str = ".pryvctl-new.";

/// The shell function `writer`.
const FUNCTION: &str =
    concat!("writer() { perl -e '", include_str!("writer.pl"), include_str!("calls.pl"), "' -- \"$@\"; }\n");

/// The same for a survey, which only asks.
const LISTED: &str = concat!(
    "writer() { perl -e '",
    include_str!("writer.pl"),
    include_str!("listed.pl"),
    include_str!("calls.pl"),
    "' -- \"$@\"; }\n"
);

/// What was in a file's place when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// There was no file.
    Absent,
    /// A file whose content has this SHA-256, in lower-case hex.
    Sha256(String),
    /// Whatever is there, it is replaced: nobody but us writes it, or it has to go back in any case.
    Any,
}

impl Seen {
    /// As the writer is told.
    pub fn word(&self) -> &str {
        match self {
            Self::Absent => "absent",
            Self::Sha256(hash) => hash,
            Self::Any => "any",
        }
    }
}

/// The rights of a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// These.
    Of {
        /// Permission bits.
        mode: u32,
        /// Owner.
        uid: u32,
        /// Group.
        gid: u32,
    },
    /// Those that the file has which is replaced; of a copy, those of its source.
    Kept,
}

impl Access {
    /// What root alone may write.
    pub fn root(mode: u32) -> Self {
        Self::Of { mode, uid: 0, gid: 0 }
    }

    fn words(self, kept: &str) -> String {
        match self {
            Self::Of { mode, uid, gid } => format!("{mode:o} {uid} {gid}"),
            Self::Kept => format!("{kept} 0 0"),
        }
    }
}

/// A file that is written. Its text comes through stdin, in the order of the calls.
#[derive(Debug, Clone)]
pub struct Put<'a> {
    /// Its absolute path.
    pub path: Cow<'a, Path>,
    /// What will be in it.
    pub text: &'a str,
    /// What is replaced.
    pub seen: Seen,
    /// Its rights.
    pub access: Access,
    /// A shell command that has to take the new file, `"$new"`, before it takes its place; empty: none.
    pub check: String,
}

impl<'a> Put<'a> {
    /// A file of root's own that is replaced whatever is in it.
    pub fn own(path: impl Into<Cow<'a, Path>>, text: &'a str, mode: u32) -> Self {
        let (seen, access, check) = (Seen::Any, Access::root(mode), String::new());
        Self { path: path.into(), text, seen, access, check }
    }

    /// The call. What was seen stands in it, for everyone on the host to read: for a text that may be shown.
    pub fn call(&self) -> String {
        self.with(self.seen.word())
    }

    /// The call for a text that holds a secret, from whose hash it may be guessed: what was seen is read from stdin.
    pub fn hidden_call(&self) -> String {
        self.with("stdin")
    }

    /// What a hidden call reads.
    pub fn hidden_stdin(&self) -> String {
        format!("{}{}", hidden(&self.seen), self.text)
    }

    fn with(&self, seen: &str) -> String {
        let check = if self.check.is_empty() { String::new() } else { format!(" {}", quote(&self.check)) };
        let (path, length) = (quote_path(&self.path), self.text.len());
        format!("writer put {path} {seen} {length} {}{check}", self.access.words("-"))
    }

    /// The whole command.
    pub fn command(&self) -> Command {
        Command::root(script(self.call())).stdin(self.text)
    }

    /// The whole command for a text that holds a secret.
    pub fn hidden_command(&self) -> Command {
        Command::root(script(self.hidden_call())).stdin(self.hidden_stdin())
    }

    /// The whole command for a text that may hold a secret and is on the list.
    pub fn listed_command(&self) -> Command {
        Command::root(script(noted(&self.hidden_call()))).stdin(self.hidden_stdin())
    }

    /// The same, and what others have there is kept.
    pub fn keeping_command(&self) -> Command {
        let calls = together([keep(&self.path), noted(&self.hidden_call())]);
        Command::root(script(calls)).stdin(format!("{}{}", hidden(&self.seen), self.hidden_stdin()))
    }
}

/// The call, told of in the list.
fn noted(call: &str) -> String {
    format!("writer note {}", call.trim_start_matches("writer "))
}

/// What was seen, as it goes before a text through stdin: one line of a known length.
fn hidden(seen: &Seen) -> String {
    format!("{:64}\n", seen.word())
}

/// The call that copies a file with its times.
pub fn copy(from: &Path, to: &Path, seen: &Seen, access: Access) -> String {
    format!("writer copy {} {} {} {}", quote_path(from), quote_path(to), seen.word(), access.words("="))
}

/// The command that copies a file that is on the list.
pub fn listed_copy(from: &Path, to: &Path, seen: &Seen, access: Access) -> Command {
    Command::root(script(hidden_copy(from, to, access))).stdin(hidden(seen))
}

/// The same, and what others have in its place is kept.
pub fn keeping_copy(from: &Path, to: &Path, seen: &Seen, access: Access) -> Command {
    let calls = together([keep(to), hidden_copy(from, to, access)]);
    Command::root(script(calls)).stdin(hidden(seen).repeat(2))
}

fn hidden_copy(from: &Path, to: &Path, access: Access) -> String {
    noted(&format!("writer copy {} {} stdin {}", quote_path(from), quote_path(to), access.words("=")))
}

/// The call that keeps what others have in a file, before it is replaced.
fn keep(path: &Path) -> String {
    format!("writer keep {} stdin", quote_path(path))
}

/// The command that puts back what others had in a file, takes it off the list, and keeps it no more.
pub fn back(path: &Path, seen: &Seen) -> Command {
    Command::root(script(format!("writer back {} stdin", quote_path(path)))).stdin(hidden(seen))
}

/// One call that does what several do: the program is started once, and a folder is waited for once.
pub fn together(calls: impl IntoIterator<Item = String>) -> String {
    let calls: Vec<String> = calls.into_iter().collect();
    let words: Vec<&str> = calls.iter().map(|call| call.strip_prefix("writer ").unwrap_or(call)).collect();
    format!("writer {}", words.join(" + "))
}

/// The call that removes a file, if it is there. What was seen stands in it, for everyone on the host to read.
pub fn remove(path: &Path, seen: &Seen) -> String {
    format!("writer remove {} {}", quote_path(path), seen.word())
}

/// The command that removes a file, and takes it off the list.
pub fn listed_remove(path: &Path, seen: &Seen) -> Command {
    let call = format!("writer remove {} stdin", quote_path(path));
    Command::root(script(noted(&call))).stdin(hidden(seen))
}

/// The call that removes a file that may be shown, and takes it off the list.
pub fn listed_gone(path: &Path, seen: &Seen) -> String {
    noted(&remove(path, seen))
}

/// The call that makes a folder, and those it lies in, and gives it its rights.
pub fn folder(path: &Path, mode: u32, uid: u32, gid: u32) -> String {
    format!("writer folder {} {mode:o} {uid} {gid}", quote_path(path))
}

/// The same, and what is made for it is on the list.
pub fn listed_folder(path: &Path, mode: u32, uid: u32, gid: u32) -> String {
    noted(&folder(path, mode, uid, gid))
}

/// The call that makes a folder again that was on the list.
pub fn listed_again(path: &Path, mode: u32, uid: u32, gid: u32) -> String {
    together([format!("writer made {}", quote_path(path)), folder(path, mode, uid, gid)])
}

/// The call that removes a folder, if nothing is in it.
pub fn unfold(path: &Path) -> String {
    format!("writer unfold {}", quote_path(path))
}

/// The same, and takes it off the list.
pub fn listed_unfold(path: &Path) -> String {
    noted(&unfold(path))
}

/// The command that puts files on the list which are there already, with the SHA-256 of what is in them.
pub fn wrote<'a>(files: impl IntoIterator<Item = (&'a Path, String)>) -> Command {
    let (paths, hashes): (Vec<_>, Vec<_>) =
        files.into_iter().map(|(path, hash)| (quote_path(path), hidden(&Seen::Sha256(hash)))).unzip();
    Command::root(script(format!("writer wrote {}", paths.join(" ")))).stdin(hashes.concat())
}

/// The script that says what is on the list and how that is. Of files that are known already it does not.
pub fn listed<'a>(known: impl IntoIterator<Item = &'a Path>) -> String {
    let known: String = known.into_iter().map(|path| format!(" {}", quote_path(path))).collect();
    format!("{LISTED}writer listed{known}")
}

/// A script that may call the writer. Each call ends with 0 if all is on the disk.
pub fn script(calls: impl AsRef<str>) -> String {
    format!("{}{}", function(), calls.as_ref())
}

/// The shell function `writer`.
pub fn function() -> &'static str {
    FUNCTION
}

/// SHA-256 in lower-case hex.
pub fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_can_stand_between_quotes() {
        for function in [FUNCTION, LISTED] {
            assert_eq!(function.matches('\'').count(), 2, "it would end there");
        }
    }

    #[test]
    fn the_program_has_the_list_where_we_have_it() {
        let line = format!("(\"{}\", \"{}\");", super::super::place::KEPT, super::super::place::WRITTEN);
        assert!(FUNCTION.contains(&line));
        assert!(FUNCTION.contains(&format!("my $REPLACED = \"{}\";", super::super::place::REPLACED)));
    }

    #[test]
    fn the_program_says_what_is_listened_for() {
        let said = format!("print STDERR \"$path{CHANGED_SAYS}\\n\"; exit {CHANGED};");
        assert!(include_str!("writer.pl").contains(&said), "{said}");
    }

    #[test]
    fn a_hash_of_a_secret_does_not_stand_in_the_script() {
        let seen = Seen::Sha256(sha256("old"));
        let (path, access) = (Path::new("/x/it's").into(), Access::root(0o600));
        let put = Put { path, text: "new", seen, access, check: String::new() };
        assert_eq!(put.hidden_call(), r"writer put '/x/it'\''s' stdin 3 600 0 0");
        assert_eq!(put.hidden_stdin(), format!("{}\nnew", sha256("old")));
        assert_eq!(hidden(&Seen::Absent).len(), 65);
        let all = format!("{:?}", put.hidden_command());
        assert!(!all.contains(&sha256("old")), "{all}");
    }
}
