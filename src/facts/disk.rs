//! How large the filesystem below a path is. The path may not be there yet: its nearest parent counts.

use std::path::PathBuf;

use super::{Fact, Probe, strange};
use crate::model::{
    command::{Output, quote},
    size::Bytes,
};

/// The filesystem of Docker's data root.
pub struct DockerDisk;

/// The filesystem of a folder.
pub struct FolderDisk(pub PathBuf);

/// A filesystem.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Disk {
    /// What was asked for.
    pub path: PathBuf,
    /// Where the filesystem is mounted.
    pub mount: PathBuf,
    /// Its kind, as in `ext2/ext3`.
    pub kind: String,
    /// Its size.
    pub size: Bytes,
    /// Space that users other than root can still write to.
    pub free: Bytes,
    /// Inodes; 0: the filesystem does not count them.
    pub inodes: u64,
    /// Free inodes.
    pub inodes_free: u64,
}

const MEASURE: &str = include_str!("disk/measure.sh").trim_ascii_end();

/// The running engine knows its root; without one, its configuration; without that, Docker's default.
const DOCKER_ROOT: &str = include_str!("disk/docker_root.sh").trim_ascii_end();

impl Probe for DockerDisk {
    type Value = Disk;

    fn question(&self) -> String {
        format!("{DOCKER_ROOT}\n{MEASURE}")
    }

    fn read(&self, output: &Output) -> Fact<Disk> {
        Fact::read(output, parse)
    }
}

impl Probe for FolderDisk {
    type Value = Disk;

    fn question(&self) -> String {
        format!("path={}\n{MEASURE}", quote(&self.0.to_string_lossy()))
    }

    fn read(&self, output: &Output) -> Fact<Disk> {
        Fact::read(output, parse)
    }
}

fn parse(text: &str) -> Result<Disk, String> {
    let wrong = || strange("stat", text);
    let [path, mount, figures] = text.lines().collect::<Vec<_>>()[..] else { return Err(wrong()) };
    let (kind, figures) = figures.split_once('|').ok_or_else(wrong)?;
    let figures: Result<Vec<u64>, _> = figures.split(' ').map(str::parse).collect();
    let [block, blocks, free, inodes, inodes_free] = figures.map_err(|_| wrong())?[..] else {
        return Err(wrong());
    };
    let bytes = |count: u64| count.checked_mul(block).map(Bytes).ok_or_else(wrong);
    Ok(Disk {
        path: path.into(),
        mount: mount.into(),
        kind: kind.to_owned(),
        size: bytes(blocks)?,
        free: bytes(free)?,
        inodes,
        inodes_free,
    })
}
