//! The notes which version opened which data last. All are read: where data really is, and so how its note is called, is known
//! only when the host has answered.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    Fact, Probe,
    content::ContentHash,
    file::{ENCODED, FileState, LARGEST_TEXT},
    strange,
};
use crate::model::{
    command::{Output, quote},
    place,
};

/// The notes in their folder, which is this one.
pub struct Notes(PathBuf);

const QUESTION: &str = include_str!("note.sh").trim_ascii_end();

impl Notes {
    /// Beside this data.
    pub fn of(data: &Path) -> Self {
        Self(place::versions(data))
    }
}

impl Probe for Notes {
    type Value = BTreeMap<PathBuf, FileState>;

    fn question(&self) -> String {
        let question = QUESTION.replace("$LARGEST", &LARGEST_TEXT.to_string()).replace("$ENCODED", ENCODED);
        format!("notes={}\n{question}", quote(&self.0.to_string_lossy()))
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let lines: Vec<&str> = text.lines().collect();
            let notes = lines.chunks(2).map(|lines| self.note(lines));
            notes.collect::<Option<_>>().ok_or_else(|| strange("the answer about notes", text))
        })
    }
}

impl Notes {
    fn note(&self, lines: &[&str]) -> Option<(PathBuf, FileState)> {
        let [head, text] = lines else { return None };
        let [mode, uid, gid, name] = head.splitn(4, ' ').collect::<Vec<_>>()[..] else { return None };
        let bytes = BASE64_STANDARD.decode(text).ok()?;
        let state = FileState {
            sha256: ContentHash::of(&bytes),
            mode: u32::from_str_radix(mode, 8).ok()?,
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            text: String::from_utf8(bytes).ok(),
        };
        Some((self.0.join(name), state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_whole_or_not_at_all() {
        let read =
            |text: &str| Notes("/n".into()).read(&Output { stdout: text.to_owned(), ..Output::default() });
        assert!(
            matches!(read("644 0 0 a b\nbQ==\n"), Fact::Known(found) if found[Path::new("/n/a b")].mode == 0o644)
        );
        for text in ["644 0 0 a\n", "644 0 0\nbQ==\n", "644 0 0 a\n?\n"] {
            assert!(matches!(read(text), Fact::Unreadable(_)), "{text}");
        }
    }
}
