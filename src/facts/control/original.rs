//! The record of how things were before controls changed them, as it lies on the host.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    facts::{Fact, Probe, file::FileState, folder::FolderState, strange},
    model::{command::Output, place},
};

/// The record; absent on a host that was never hardened.
pub struct Record;

/// How things were before controls changed them.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Originals {
    /// Files; `None`: there was none.
    pub files: BTreeMap<PathBuf, Option<FileState>>,
    /// Files and folders that controls bring and that were there.
    pub there: BTreeSet<PathBuf>,
    /// Folders that were not there.
    pub folders: BTreeSet<PathBuf>,
    /// Live values of kernel parameters.
    pub sysctl: BTreeMap<String, String>,
    /// Rights of files and folders.
    pub rights: BTreeMap<PathBuf, FolderState>,
    /// Mount options, as the kernel names them.
    pub mounts: BTreeMap<PathBuf, String>,
    /// Units: `systemctl is-enabled` and `is-active`.
    pub units: BTreeMap<String, (String, String)>,
    /// Packages that were not there.
    pub packages: BTreeSet<String>,
    /// Controls that were wanted since.
    pub controls: BTreeSet<String>,
}

impl Originals {
    /// Whether nothing is recorded.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Probe for Record {
    type Value = Originals;

    // The index, an empty line, then one line for each file of it.
    fn question(&self) -> String {
        format!(
            "cd {} 2>/dev/null && [ -e index ] || exit 44\ncat index; echo\n\
             while read -r kind path; do [ \"$kind\" = file ] || continue\n\
             printf '%s ' \"$(stat -c '%a %u %g' \"files$path\")\"\nbase64 -w0 \"files$path\"; echo\ndone <index",
            place::ORIGINALS
        )
    }

    fn read(&self, output: &Output) -> Fact<Originals> {
        Fact::read(output, |text| originals(text).ok_or_else(|| strange("the record of originals", text)))
    }
}

fn originals(text: &str) -> Option<Originals> {
    let (index, files) = text.split_once("\n\n").or_else(|| Some((text.strip_suffix('\n')?, "")))?;
    let mut files = files.lines();
    let mut found = Originals::default();
    for line in index.lines() {
        let (kind, rest) = line.split_once(' ')?;
        let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
        let words: Vec<&str> = value.split(' ').collect();
        match (kind, &words[..]) {
            ("file", _) => drop(found.files.insert(rest.into(), Some(file(files.next()?)?))),
            ("absent", _) => drop(found.files.insert(rest.into(), None)),
            ("there", _) => drop(found.there.insert(rest.into())),
            ("folder", _) => drop(found.folders.insert(rest.into())),
            ("sysctl", _) => drop(found.sysctl.insert(name.into(), value.into())),
            ("mount", [options]) => drop(found.mounts.insert(name.into(), (*options).into())),
            ("package", _) => drop(found.packages.insert(name.into())),
            ("control", _) => drop(found.controls.insert(name.into())),
            ("unit", [enabled, active]) => {
                found.units.insert(name.into(), ((*enabled).into(), (*active).into()));
            }
            // A path may have blanks.
            ("rights", _) => {
                let [gid, uid, mode, path] = rest.rsplitn(4, ' ').collect::<Vec<_>>()[..] else {
                    return None;
                };
                found.rights.insert(path.into(), rights(mode, uid, gid)?);
            }
            (_, _) => return None,
        }
    }
    Some(found)
}

fn rights(mode: &str, uid: &str, gid: &str) -> Option<FolderState> {
    let mode = u32::from_str_radix(mode, 8).ok()?;
    Some(FolderState { mode, uid: uid.parse().ok()?, gid: gid.parse().ok()? })
}

fn file(line: &str) -> Option<FileState> {
    let [mode, uid, gid, content] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
    let FolderState { mode, uid, gid } = rights(mode, uid, gid)?;
    let text = String::from_utf8(BASE64_STANDARD.decode(content).ok()?).ok();
    Some(FileState { mode, uid, gid, text, ..FileState::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_whole_or_not_at_all() {
        let text = "file /etc/issue\nfolder /etc/y\nabsent /etc/y/x\nsysctl net.a 0\nrights /etc/cron.d 755 0 0\n\
            rights /home/A B 750 1 1\nthere /var/log/sudo.log\n\
            mount /dev/shm rw,nosuid\nunit cron.service enabled active\npackage auditd\ncontrol audit.daemon\n\n644 0 0 aGk=\n";
        let found = originals(text).unwrap();
        let issue = found.files[std::path::Path::new("/etc/issue")].as_ref().unwrap();
        assert_eq!((issue.mode, issue.text.as_deref()), (0o644, Some("hi")));
        assert_eq!(found.files[std::path::Path::new("/etc/y/x")], None);
        assert!(found.folders.contains(std::path::Path::new("/etc/y")));
        assert_eq!(found.units["cron.service"].1, "active");
        assert!(found.packages.contains("auditd") && found.controls.contains("audit.daemon"));
        assert_eq!(found.sysctl["net.a"], "0");
        assert_eq!(found.rights[std::path::Path::new("/home/A B")].mode, 0o750);
        assert!(found.there.contains(std::path::Path::new("/var/log/sudo.log")));
        assert_eq!(originals("file /etc/issue\n\n"), None, "its copy is missing");
        assert_eq!(originals("strange\n\n"), None);
    }
}
