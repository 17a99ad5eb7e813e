//! What we wrote for inventories, as the list on the host has it, and how that is now.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{Fact, Probe, content::ContentHash, file::FileState, folder::FolderState, strange};
use crate::model::{command::Output, desired::Desired, place, write};

/// The list; the files that the survey looks at anyway are not looked at twice.
pub struct OnList(BTreeSet<PathBuf>);

/// What we wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Written {
    /// How the list itself is.
    pub list: List,
    /// Files on it, and those in whose place something is kept. Without a list: what the last change wanted.
    pub files: BTreeMap<PathBuf, Listed>,
    /// What others had in files that we wrote, as it is kept.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub originals: BTreeMap<PathBuf, FileState>,
    /// Folders that were made, with the number of things in them.
    pub folders: BTreeMap<PathBuf, At<(FolderState, usize)>>,
    /// Files that somebody was writing when he was killed, beside what is ours.
    pub half: BTreeSet<PathBuf>,
}

impl Written {
    /// As the planner needs it. What cannot be read stops nothing: nothing is removed then.
    pub fn of(found: &Fact<Self>) -> Self {
        match found {
            Fact::Known(written) => written.clone(),
            Fact::Absent => Self::default(),
            Fact::Unreadable(why) => Self { list: List::Unreadable(why.clone()), ..Self::default() },
        }
    }
}

/// How the list is.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// It is whole.
    Whole,
    /// There is none: nothing was written, an older pryvctl wrote it, or the list is lost.
    #[default]
    Missing,
    /// It cannot be read, and why.
    Unreadable(String),
}

/// A file on the list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Listed {
    /// What we wrote in it: the last content, and the one before where it was being changed. Empty: it is not on the list, but
    /// something is kept, because a run was killed, or the list got lost.
    #[serde(skip)]
    pub wrote: Vec<ContentHash>,
    /// What is there now.
    pub found: At<FileState>,
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum At<T> {
    /// Nothing.
    Nothing,
    /// What the list says there is.
    There(T),
    /// Another question of the survey tells.
    AskedElsewhere,
    /// Something else, or nobody gets there safely; in words.
    Other(String),
}

impl<T> At<T> {
    /// What is there, if it is what the list says.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::There(found) => Some(found),
            Self::Nothing | Self::AskedElsewhere | Self::Other(_) => None,
        }
    }
}

impl OnList {
    /// Beside the desired files, and those the planner compares.
    pub fn of(desired: &Desired) -> Self {
        Self(place::looked_at(desired))
    }
}

impl Probe for OnList {
    type Value = Written;

    fn question(&self) -> String {
        write::listed(self.0.iter().map(PathBuf::as_path))
    }

    fn read(&self, output: &Output) -> Fact<Written> {
        Fact::read(output, |text| written(text).ok_or_else(|| strange("the list of what was written", text)))
    }
}

fn written(text: &str) -> Option<Written> {
    let mut lines = text.lines();
    let list = match lines.next()? {
        "list" => List::Whole,
        "none" => List::Missing,
        _ => return None,
    };
    let mut found = Written { list, ..Written::default() };
    let mut places = Vec::new();
    while let Some(line) = lines.next() {
        let (kind, rest) = line.split_once(' ')?;
        match kind {
            "damaged" => found.list = List::Unreadable(rest.to_owned()),
            "half" => drop(found.half.insert(rest.into())),
            "folder" => drop(found.folders.insert(rest.into(), at(lines.next()?, folder)?)),
            "file" => {
                let wrote = lines.next()?.split(' ').map(ContentHash::parse).collect::<Option<_>>()?;
                let listed = Listed { wrote, found: at(lines.next()?, file)? };
                found.files.insert(rest.into(), listed);
            }
            "kept" => {
                if let At::There(original) = at(lines.next()?, file)? {
                    found.originals.insert(rest.into(), original);
                    places.push((rest.into(), at(lines.next()?, file)?));
                } else {
                    lines.next()?;
                }
            }
            _ => return None,
        }
    }
    match found.list {
        List::Whole | List::Missing => {
            for (path, is) in places {
                found.files.entry(path).or_insert(Listed { wrote: Vec::new(), found: is });
            }
        }
        List::Unreadable(_) => {}
    }
    Some(found)
}

fn at<T>(line: &str, read: impl FnOnce(FolderState, &str) -> Option<T>) -> Option<At<T>> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "none" => Some(At::Nothing),
        "known" => Some(At::AskedElsewhere),
        "no" => Some(At::Other(rest.to_owned())),
        "is" => {
            let [mode, uid, gid, last] = rest.split(' ').collect::<Vec<_>>()[..] else { return None };
            let mode = u32::from_str_radix(mode, 8).ok()?;
            let rights = FolderState { mode, uid: uid.parse().ok()?, gid: gid.parse().ok()? };
            Some(At::There(read(rights, last)?))
        }
        _ => None,
    }
}

fn folder(rights: FolderState, count: &str) -> Option<(FolderState, usize)> {
    Some((rights, count.parse().ok()?))
}

fn file(FolderState { mode, uid, gid }: FolderState, hash: &str) -> Option<FileState> {
    Some(FileState { sha256: ContentHash::parse(hash)?, mode, uid, gid, text: None })
}

impl Written {
    /// Whether the list has a file with this content.
    pub fn has(&self, path: &Path, content: &ContentHash) -> bool {
        self.files.get(path).is_some_and(|listed| listed.wrote.contains(content))
    }

    /// Whether a file is what others had in its place.
    pub fn is_as_before(&self, path: &Path, found: &FileState) -> bool {
        self.originals.get(path).is_some_and(|kept| kept.sha256 == found.sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::command::Exit;

    fn read(text: &str) -> Fact<Written> {
        OnList(BTreeSet::new()).read(&Output { stdout: text.to_owned(), ..Output::default() })
    }

    #[test]
    fn a_list_is_read_whole_or_not_at_all() {
        let [a, b] = ["a", "b"].map(ContentHash::of);
        let text = format!(
            "list\nfile /x/a b\n{0} {1}\nis 640 9999 7 {0}\nfile /x/gone\n{0}\nnone\nfile /x/wanted\n{0}\nknown\n\
             file /x/link\n{0}\nno is a link\nkept /x/a b\nis 600 1 2 {1}\nis 640 9999 7 {0}\nkept /z\nis 600 1 2 {1}\nnone\n\
             folder /x\nis 750 0 0 3\nfolder /y\nnone\nhalf /x/.pryvctl-new.1\n",
            a.expose(),
            b.expose()
        );
        let Fact::Known(found) = read(&text) else { panic!("{:?}", read(&text)) };
        assert_eq!(found.list, List::Whole);
        let file = &found.files[Path::new("/x/a b")];
        assert_eq!(file.wrote, [a.clone(), b.clone()]);
        assert_eq!(
            file.found.known().map(|file| (&file.sha256, file.mode, file.uid, file.gid)),
            Some((&a, 0o640, 9999, 7))
        );
        assert_eq!(found.files[Path::new("/x/link")].found, At::Other("is a link".to_owned()));
        assert_eq!(found.files[Path::new("/x/wanted")].found, At::AskedElsewhere);
        assert_eq!(found.folders[Path::new("/x")].known().map(|(_, count)| *count), Some(3));
        assert_eq!(found.folders[Path::new("/y")], At::Nothing);
        assert_eq!(found.half.len(), 1);
        let kept = &found.originals[Path::new("/x/a b")];
        assert_eq!((&kept.sha256, kept.mode, kept.uid, kept.gid), (&b, 0o600, 1, 2));
        let unlisted = &found.files[Path::new("/z")];
        assert_eq!((unlisted.wrote.len(), &unlisted.found), (0, &At::Nothing));
        assert!(found.has(Path::new("/x/gone"), &a) && !found.has(Path::new("/x/gone"), &b));
        for cut in [9, text.find("none").unwrap(), 0] {
            assert!(matches!(read(&text[..cut]), Fact::Unreadable(_)), "{}", &text[..cut]);
        }
        // A hash of a secret is in nothing that is shown.
        let shown = serde_json::to_string(&found).unwrap();
        assert!(!shown.contains(a.expose()), "{shown}");
        let damaged = read("list\ndamaged line 2 is not understood\n");
        assert_eq!(damaged.known().unwrap().list, List::Unreadable("line 2 is not understood".to_owned()));
        let old = Output { exit: Exit::Code(127), stderr: "perl: not found".to_owned(), ..Output::default() };
        assert!(matches!(OnList(BTreeSet::new()).read(&old), Fact::Unreadable(_)));
    }
}
