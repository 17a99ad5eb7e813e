//! The record of what serves, which leads back to it.

use std::path::{Path, PathBuf};

use super::Kind;
use crate::{
    facts::release::Release,
    model::{
        command::Command,
        place,
        write::{self, Access, Put, Seen},
    },
};

/// What serves is written down, with copies of its files, before anything is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseKeep(pub Box<Release>);

impl Kind for ReleaseKeep {
    fn command(&self) -> Command {
        let record = self.0.record();
        Command::root(script(&self.0, record.expose())).stdin(record.expose())
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        let record: Release = serde_json::from_str(self.0.record().expose()).expect("it is JSON");
        state.ours.release = Some(Release { unfinished: true, ..record });
    }
}

/// The folder is made beside its place and moved there, so that a record is whole or not there, also on the disk.
fn script(release: &Release, record: &str) -> String {
    let folder = place::RELEASE;
    let new = PathBuf::from(format!("{folder}.new"));
    let own = |name: &str, text| Put::own(new.join(name), text, 0o600).call();
    let there = release.files.iter().filter(|kept| kept.was.is_some());
    let copies = there
        .filter_map(|kept| Some((&kept.path, kept.copy.as_ref()?)))
        .map(|(path, copy)| write::copy(path, &new.join("files").join(copy), &Seen::Any, Access::Kept));
    let folders = [new.clone(), new.join("files")].map(|folder| write::folder(&folder, 0o700, 0, 0));
    let calls = folders.into_iter().chain([own("record.json", record), own("unfinished", "")]).chain(copies);
    let moved = format!(
        "if [ -e {folder} ]; then mv -T {folder} {folder}.old; fi; mv -T {folder}.new {folder}; sync {}; rm -rf {folder}.old",
        place::KEPT
    );
    write::script(format!(
        "set -e; umask 077; rm -rf {folder}.new {folder}.old\n{}\n{moved}",
        write::together(calls)
    ))
}

/// The change that followed has come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseEnd;

impl Kind for ReleaseEnd {
    fn command(&self) -> Command {
        let remove = write::remove(Path::new(place::RELEASE_UNFINISHED), &Seen::Any);
        Command::root(write::script(remove))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.ours.release.as_mut().expect("there is no record").unfinished = false;
    }
}
