//! How the mount points that controls name are mounted.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use crate::{
    facts::{Fact, Probe, strange},
    model::{command::Output, control::Kind, desired::Desired},
};

/// `/proc/self/mounts`, of these paths. What is no mount point is left out.
pub struct Mounts(pub BTreeSet<String>);

/// A mount point as found.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Mounted {
    /// What is mounted, as in `tmpfs` or `/dev/vda1`.
    pub source: String,
    /// The file system, as in `ext4`.
    pub kind: String,
    /// Its options, as the kernel names them.
    pub options: Vec<String>,
}

impl Mounts {
    /// The mount points of all controls.
    pub fn of(desired: &Desired) -> Self {
        Self(super::named(desired, |kind| {
            if let Kind::Mount(mount) = kind { Some([mount.path.display().to_string()]) } else { None }
        }))
    }
}

impl Probe for Mounts {
    type Value = BTreeMap<PathBuf, Mounted>;

    fn question(&self) -> String {
        if self.0.is_empty() { "exit 44".to_owned() } else { "cat /proc/self/mounts".to_owned() }
    }

    // The last of several mounts on one path is the one that counts.
    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let mut mounts = BTreeMap::new();
            for line in text.lines() {
                let [source, path, kind, options, ..] = line.split(' ').collect::<Vec<_>>()[..] else {
                    return Err(strange("the list of mounts", line));
                };
                if self.0.contains(path) {
                    let options = options.split(',').map(str::to_owned).collect();
                    let mounted = Mounted { source: source.to_owned(), kind: kind.to_owned(), options };
                    mounts.insert(path.into(), mounted);
                }
            }
            Ok(mounts)
        })
    }
}
