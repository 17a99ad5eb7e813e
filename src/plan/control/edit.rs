//! Edits of texts: what controls want of a file that others write in too, and how to take that out again.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    fstab::MountLine,
    json,
    lines::{ended, lines},
};
use crate::model::{
    compose::Word,
    control::{Form, LineAt},
};

/// The lines around what is ours in a file that is not.
const BEGIN: &str = "# pryvctl: begin; changes up to the end are overwritten";
const END: &str = "# pryvctl: end";

/// One edit of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Part of a file that is wholly ours.
    Ours(String),
    /// Keys with their values.
    Keys(Form, BTreeMap<String, Word>),
    /// One line.
    Line(String, LineAt),
    /// No such word in the lines that hold the other.
    Without(String, String),
    /// A block of our own at the very top.
    Block(String),
    /// Options of a mount point in fstab: what is mounted, where, the file system, and its options.
    Mount(MountLine),
    /// Members of a JSON object.
    Members(BTreeMap<String, Value>),
}

impl Edit {
    /// The text with what is wanted.
    pub fn apply(&self, text: &str) -> String {
        match self {
            Self::Ours(part) => format!("{text}{part}"),
            Self::Keys(form, keys) => keys.iter().fold(text.to_owned(), |text, (key, value)| {
                set(&text, key, Some(&written(*form, key, &value.0)))
            }),
            Self::Line(line, _) if has_line(text, line) => text.to_owned(),
            Self::Line(line, LineAt::Top) => format!("{line}\n{text}"),
            Self::Line(line, LineAt::End) => format!("{}{line}\n", ended(text)),
            Self::Line(line, LineAt::Before(mark)) => beside(text, line, mark, 0),
            Self::Line(line, LineAt::After(mark)) => beside(text, line, mark, 1),
            Self::Without(word, beside) => lines(text).map(|line| drop_word(line, word, beside)).collect(),
            Self::Block(block) => format!("{BEGIN}\n{block}{END}\n{}", without_block(text)),
            Self::Mount(mount) => mount.apply(text),
            Self::Members(members) => members
                .iter()
                .filter(|(key, value)| !has_member(text, key, value))
                .fold(text.to_owned(), |text, (key, value)| json::set(&text, key, Some(&value.to_string()))),
        }
    }

    /// The text with what was there before in place of what is ours; what others changed since stays.
    pub fn revert(&self, text: &str, original: &str) -> String {
        match self {
            Self::Ours(_) => original.to_owned(),
            Self::Keys(_, keys) => keys.iter().fold(text.to_owned(), |text, (key, ours)| {
                if value(&text, key).as_ref() != Some(&ours.0) {
                    return text;
                }
                let old: Vec<&str> = original.lines().filter(|line| names(line, key)).collect();
                set(&text, key, (!old.is_empty()).then(|| old.join("\n")).as_deref())
            }),
            Self::Line(line, _) if has_line(original, line) => text.to_owned(),
            Self::Line(line, _) => lines(text).filter(|found| found.trim_end() != line).collect(),
            Self::Without(word, beside) => {
                let bare = |old: &str| drop_word(old, word, beside);
                let old = |line: &str| {
                    // pam-auth-update leaves a blank where it took the word over as an option that is not there.
                    let same = lines(original).find(|old| bare(old) == line);
                    let alike = || lines(original).find(|old| bare(old).trim_end() == line.trim_end());
                    same.or_else(alike).unwrap_or(line).to_owned()
                };
                lines(text).map(old).collect()
            }
            Self::Block(_) => without_block(text),
            Self::Mount(mount) => mount.revert(text, original),
            Self::Members(members) => members
                .iter()
                .filter(|(key, value)| has_member(text, key, value))
                .fold(text.to_owned(), |text, (key, _)| json::set(&text, key, json::get(original, key))),
        }
    }
}

fn has_member(text: &str, key: &str, value: &Value) -> bool {
    let found = json::get(text, key).and_then(|found| serde_json::from_str::<Value>(found).ok());
    found.as_ref() == Some(value)
}

fn has_line(text: &str, line: &str) -> bool {
    text.lines().any(|found| found.trim_end() == line)
}

/// Whether a line holds a mark and is not commented out.
fn holds(line: &str, mark: &str) -> bool {
    line.contains(mark) && !line.trim_start().starts_with('#')
}

/// The text with a line so many lines after the first that holds a mark and is not commented out; else at the end.
fn beside(text: &str, line: &str, mark: &str, after: usize) -> String {
    let Some(place) = lines(text).position(|found| holds(found, mark)) else {
        return format!("{}{line}\n", ended(text));
    };
    let before: String = lines(text).take(place + after).collect();
    let rest: String = lines(text).skip(place + after).collect();
    format!("{}{line}\n{rest}", ended(&before))
}

/// A line without a word and the white space before it, if it holds the other and is not commented out.
fn drop_word(line: &str, word: &str, beside: &str) -> String {
    if !holds(line, beside) {
        return line.to_owned();
    }
    let (mut kept, mut rest) = (String::new(), line);
    while let Some(start) = rest.find(|next: char| !next.is_whitespace()) {
        let end = rest[start..].find(char::is_whitespace).map_or(rest.len(), |length| start + length);
        if &rest[start..end] != word {
            kept.push_str(&rest[..end]);
        }
        rest = &rest[end..];
    }
    kept + rest
}

/// A key and its value as the file has them.
pub fn written(form: Form, key: &str, value: &str) -> String {
    match form {
        Form::Space => format!("{key}\t{value}"),
        Form::Equals => format!("{key}={value}"),
        Form::SpacedEquals => format!("{key} = {value}"),
    }
}

/// Whether a line, not commented out, sets a key.
fn names(line: &str, key: &str) -> bool {
    let Some(rest) = line.trim_start().strip_prefix(key) else { return false };
    rest.is_empty() || rest.starts_with(|next: char| next.is_whitespace() || next == '=')
}

/// The value of a key; the last one counts.
pub fn value(text: &str, key: &str) -> Option<String> {
    let line = text.lines().rfind(|line| names(line, key))?;
    let rest = line.trim_start().strip_prefix(key)?.trim_start();
    Some(rest.strip_prefix('=').unwrap_or(rest).trim().to_owned())
}

/// How many lines set a key.
pub fn count(text: &str, key: &str) -> usize {
    text.lines().filter(|line| names(line, key)).count()
}

/// The text with these lines in place of those that set a key, at the first of them; else below the line in which the
/// key is commented out, else at the end. Without lines: without the key.
fn set(text: &str, key: &str, new: Option<&str>) -> String {
    let commented = |line: &str| line.trim_start().strip_prefix('#').is_some_and(|rest| names(rest, key));
    let place = lines(text).position(|line| names(line, key));
    let below = || lines(text).position(commented).map(|place| place + 1);
    let mut kept: Vec<String> = Vec::new();
    let mut at = None;
    for (index, line) in lines(text).enumerate() {
        if Some(index) == place.or_else(below) {
            at = Some(kept.len());
        }
        if !names(line, key) {
            kept.push(line.to_owned());
        }
    }
    let Some(new) = new else { return kept.concat() };
    let at = at.unwrap_or(kept.len());
    if let Some(last) = at.checked_sub(1).and_then(|last| kept.get_mut(last)) {
        *last = ended(last);
    }
    kept.insert(at, format!("{new}\n"));
    kept.concat()
}

/// What stands in our block, if there is one.
pub fn block(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(&format!("{BEGIN}\n"))?;
    rest.split_once(&format!("{END}\n")).map(|(block, _)| block)
}

/// The text without our block; one whose end was lost ends with the line that began it.
pub fn without_block(text: &str) -> String {
    let Some((before, rest)) = text.split_once(&format!("{BEGIN}\n")) else { return text.to_owned() };
    match rest.split_once(&format!("{END}\n")) {
        Some((_, after)) => format!("{before}{after}"),
        None => format!("{before}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(form: Form, pairs: &[(&str, &str)]) -> Edit {
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), Word((*value).to_owned()));
        Edit::Keys(form, pairs.iter().map(pair).collect())
    }

    fn shm() -> Edit {
        let options = ["nodev", "noexec"].map(str::to_owned).into();
        let [path, source, kind] = ["/dev/shm", "tmpfs", "tmpfs"].map(str::to_owned);
        Edit::Mount(MountLine { path, source, kind, options, more: Vec::new() })
    }

    #[test]
    fn a_key_is_set_where_it_stands_or_below_its_comment_or_at_the_end() {
        let edit = keys(Form::Space, &[("UMASK", "027")]);
        assert_eq!(edit.apply("A 1\nUMASK 022\nUMASK 077\nB 2\n"), "A 1\nUMASK\t027\nB 2\n");
        assert_eq!(edit.apply("A 1\n#UMASK 022\nB 2\n"), "A 1\n#UMASK 022\nUMASK\t027\nB 2\n");
        assert_eq!(edit.apply("A 1\nUMASKS 1"), "A 1\nUMASKS 1\nUMASK\t027\n");
        assert_eq!(value("UMASK 1\n UMASK = 027\n", "UMASK").as_deref(), Some("027"));
    }

    #[test]
    fn a_line_goes_beside_the_one_it_belongs_to() {
        let at = |place: fn(String) -> LineAt| Edit::Line("new".to_owned(), place("unix".to_owned()));
        let text = "# unix\nfirst\nauth unix a\nauth unix b";
        assert_eq!(at(LineAt::Before).apply(text), "# unix\nfirst\nnew\nauth unix a\nauth unix b");
        assert_eq!(at(LineAt::After).apply(text), "# unix\nfirst\nauth unix a\nnew\nauth unix b");
        assert_eq!(at(LineAt::After).apply("auth unix"), "auth unix\nnew\n");
        assert_eq!(at(LineAt::Before).apply("other\n"), "other\nnew\n");
    }

    #[test]
    fn a_word_goes_and_the_rest_of_its_line_stays() {
        let edit = Edit::Without("nullok".to_owned(), "pam_unix.so".to_owned());
        let text =
            "# pam_unix.so nullok\nauth\tx  pam_unix.so nullok try\nauth pam_unix.so nullok\nother nullok\n";
        let without = "# pam_unix.so nullok\nauth\tx  pam_unix.so try\nauth pam_unix.so\nother nullok\n";
        assert_eq!(edit.apply(text), without);
        assert_eq!(edit.revert(without, text), text);
        assert_eq!(edit.revert("auth pam_unix.so mine\n", text), "auth pam_unix.so mine\n");
        assert_eq!(edit.apply("auth pam_unix.so nullok_secure"), "auth pam_unix.so nullok_secure");
    }

    #[test]
    fn a_value_that_is_not_ours_by_now_stays() {
        let edit = keys(Form::Space, &[("UMASK", "027")]);
        assert_eq!(edit.revert("UMASK 077\n", "UMASK 022\n"), "UMASK 077\n");
        assert_eq!(edit.revert("UMASK 027\n", "UMASK 022\n"), "UMASK 022\n");
        let edit = Edit::Members([("icc".to_owned(), Value::Bool(false))].into());
        assert_eq!(edit.revert(r#"{"icc":true}"#, "{}"), r#"{"icc":true}"#);
    }

    #[test]
    fn a_block_whose_end_was_lost_loses_no_line_of_others() {
        let edited = Edit::Block("A no\n".to_owned()).apply("B yes\n");
        assert_eq!(block(&edited), Some("A no\n"));
        let cut = edited.replace("# pryvctl: end\n", "");
        assert!(without_block(&cut).ends_with("B yes\n"));
    }

    proptest! {
        #[test]
        fn every_edit_holds_and_leaves_without_a_trace(
            text in "((KEY|#KEY|OTHER|line) ?=?[ab]?\n){0,6}",
            foreign in "(foreign [ab]\n)?",
        ) {
            let edits = [
                keys(Form::Space, &[("KEY", "1"), ("NEW", "2")]),
                keys(Form::SpacedEquals, &[("KEY", "1")]),
                Edit::Line("auth x".to_owned(), LineAt::Top),
                Edit::Line("umask 077".to_owned(), LineAt::End),
                Edit::Line("new".to_owned(), LineAt::Before("KEY".to_owned())),
                Edit::Line("new".to_owned(), LineAt::After("KEY".to_owned())),
                Edit::Without("a".to_owned(), "KEY".to_owned()),
                Edit::Block("A no\n".to_owned()),
                shm(),
            ];
            for edit in edits {
                let once = edit.apply(&text);
                prop_assert_eq!(&edit.apply(&once), &once, "{:?}", edit);
                let back = edit.revert(&format!("{once}{foreign}"), &text);
                let several = text.lines().filter(|line| names(line, "KEY")).count() > 1;
                if !several {
                    prop_assert_eq!(back, format!("{text}{foreign}"), "{:?}", edit);
                }
            }
        }
    }
}
