//! What served before the last change. The host keeps it for the way back, so that no controller has to.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Fact, Probe, container::ContainerState, content::ContentHash, file::FileState, strange, written::Written,
};
use crate::model::{
    command::Output,
    desired::{Protocol, Slot},
    place,
    secret::Secret,
};

/// The record of the release before the last change.
pub struct LastRelease;

/// A release as it served: containers, where the kernel sent connections, and the files beside them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The containers that served, sorted by name.
    pub containers: Vec<Served>,
    /// Where the kernel sent connections.
    pub ports: Vec<Led>,
    /// Where the services' own addresses led.
    #[serde(default)]
    pub inside: BTreeMap<Ipv4Addr, Ipv4Addr>,
    /// The managed files; what was in them is kept beside the record.
    pub files: Vec<KeptFile>,
    /// Folders that we had made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<KeptFolder>,
    /// What the change that followed wanted in them: what comes back to that is a repair.
    #[serde(default, skip_serializing)]
    pub wanted: BTreeMap<PathBuf, ContentHash>,
    /// Images of older releases, which nobody needs any more.
    pub retired: BTreeSet<String>,
    /// Whether the change that followed has not come to its end.
    #[serde(skip)]
    pub unfinished: bool,
}

/// A container that served.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Served {
    /// Its name.
    pub name: String,
    /// Its service.
    pub service: String,
    /// Its slot.
    pub slot: Slot,
    /// Label `pryvctl.spec`.
    #[serde(skip_serializing)]
    pub hash: String,
    /// The image it was made from.
    pub image: String,
}

/// A port of the host that led to a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Led {
    /// tcp or udp.
    pub protocol: Protocol,
    /// The port on the host.
    pub port: u16,
    /// Where connections went.
    pub to: SocketAddr,
}

/// A managed file as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// Its path.
    pub path: PathBuf,
    /// What was there; `None`: no such file.
    pub was: Option<Was>,
    /// The name under which its content is kept beside the record; a record of an older pryvctl has none, and its copies
    /// are named by their hashes. A name stands in arguments of processes, where a hash of a secret must not.
    #[serde(default)]
    pub copy: Option<String>,
}

/// A folder that we had made, as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFolder {
    /// Its path.
    pub path: PathBuf,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// What was there in a file's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Was {
    /// SHA-256 of its content.
    #[serde(skip_serializing)]
    pub sha256: ContentHash,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

impl Was {
    /// As it is now.
    pub fn of(found: &FileState) -> Self {
        Self { sha256: found.sha256.clone(), mode: found.mode, uid: found.uid, gid: found.gid }
    }
}

impl Release {
    /// Whether a container stands in the record.
    pub fn keeps(&self, found: &ContainerState) -> bool {
        self.containers.iter().any(|served| served.name == found.name && served.hash == found.hash)
    }

    /// The containers in it that are not there any more.
    pub fn lost<'a>(&'a self, there: &'a [ContainerState]) -> impl Iterator<Item = &'a Served> {
        let is =
            |served: &Served, found: &ContainerState| served.name == found.name && served.hash == found.hash;
        self.containers.iter().filter(move |served| !there.iter().any(|found| is(served, found)))
    }

    /// The record as it lies on the host, which only root may read there: the one text that holds the hashes.
    pub fn record(&self) -> Secret {
        let mut record = serde_json::to_value(self).unwrap_or_default();
        let hashes =
            self.wanted.iter().map(|(path, hash)| (path.display().to_string(), hash.expose().into()));
        record["wanted"] = Value::Object(hashes.collect());
        for (place, kept) in self.files.iter().enumerate() {
            if let Some(was) = &kept.was {
                record["files"][place]["was"]["sha256"] = was.sha256.expose().into();
            }
        }
        for (place, served) in self.containers.iter().enumerate() {
            record["containers"][place]["hash"] = served.hash.as_str().into();
        }
        Secret::new(record.to_string())
    }

    /// The images its containers were made from.
    pub fn images(&self) -> impl Iterator<Item = &String> {
        self.containers.iter().map(|served| &served.image)
    }
}

impl Served {
    /// What is recorded of a container.
    pub fn of(found: &ContainerState) -> Option<Self> {
        let ContainerState { name, service, slot, hash, image, .. } = found.clone();
        Some(Self { name, service, slot: slot?, hash, image })
    }
}

impl KeptFile {
    /// Where the content is kept on the host, if there was one.
    pub fn kept_at(&self) -> Option<PathBuf> {
        let hash = self.was.as_ref()?.sha256.expose();
        Some(Path::new(place::RELEASE).join("files").join(self.copy.as_deref().unwrap_or(hash)))
    }
}

impl KeptFolder {
    /// All that are there; parents before children.
    pub fn all(written: &Written) -> Vec<Self> {
        let folders = written.folders.iter().filter_map(|(path, found)| Some((path, found.known()?)));
        folders
            .map(|(path, (was, _))| Self { path: path.clone(), mode: was.mode, uid: was.uid, gid: was.gid })
            .collect()
    }
}

impl Probe for LastRelease {
    type Value = Release;

    fn question(&self) -> String {
        let (record, mark) = (place::RELEASE_RECORD, place::RELEASE_UNFINISHED);
        format!(
            "[ -f {record} ] || exit 44\nif [ -e {mark} ]; then echo unfinished; else echo finished; fi\ncat {record}"
        )
    }

    fn read(&self, output: &Output) -> Fact<Release> {
        Fact::read(output, |text| {
            let (mark, record) = text.split_once('\n').unwrap_or_default();
            let release: Release = serde_json::from_str(record)
                .map_err(|_| strange("the record of the last release", record))?;
            Ok(Release { unfinished: mark == "unfinished", ..release })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::command::Exit;

    #[test]
    fn a_record_comes_back_as_it_was_written() {
        let release = Release {
            containers: vec![Served {
                name: "acme_core_a".to_owned(),
                service: "core".to_owned(),
                slot: Slot::A,
                hash: "1".to_owned(),
                image: "core:1".to_owned(),
            }],
            ports: vec![Led { protocol: Protocol::Tcp, port: 443, to: "[fd00::2]:3000".parse().unwrap() }],
            files: vec![
                KeptFile { path: "/etc/x".into(), was: None, copy: None },
                KeptFile {
                    path: "/etc/y".into(),
                    was: Some(Was { sha256: ContentHash::of("y"), mode: 0o640, uid: 1, gid: 2 }),
                    copy: Some("1".to_owned()),
                },
            ],
            wanted: [("/etc/y".into(), ContentHash::of("z"))].into(),
            ..Release::default()
        };
        let answer = |mark: &str, code| Output {
            stdout: format!("{mark}\n{}\n", release.record().expose()),
            exit: Exit::Code(code),
            ..Output::default()
        };
        assert_eq!(LastRelease.read(&answer("finished", 0)), Fact::Known(release.clone()));
        let unfinished = Release { unfinished: true, ..release.clone() };
        assert_eq!(LastRelease.read(&answer("unfinished", 0)), Fact::Known(unfinished));
        assert_eq!(LastRelease.read(&answer("", 44)), Fact::Absent);
        let cut = Output { stdout: "finished\n{\"containers\":".to_owned(), ..Output::default() };
        assert!(matches!(LastRelease.read(&cut), Fact::Unreadable(_)));
        let shown = serde_json::to_string(&release).unwrap();
        for hash in [ContentHash::of("y"), ContentHash::of("z")] {
            assert!(release.record().expose().contains(hash.expose()));
            assert!(!shown.contains(hash.expose()), "{shown}");
        }
    }

    #[test]
    fn a_record_of_an_older_pryvctl_names_its_copies_by_their_hashes() {
        let kept: KeptFile =
            serde_json::from_str(r#"{"path":"/etc/x","was":{"sha256":"ab","mode":420,"uid":0,"gid":0}}"#)
                .unwrap();
        assert_eq!(kept.kept_at(), Some(Path::new(place::RELEASE).join("files/ab")));
        let now = KeptFile { copy: Some("3".to_owned()), ..kept };
        assert_eq!(now.kept_at(), Some(Path::new(place::RELEASE).join("files/3")));
    }
}
