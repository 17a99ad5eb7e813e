//! Notes of which version opens data.

use std::path::Path;

use super::Kind;
use crate::model::{
    command::{Command, quote},
    write::{self, Put, Seen},
};

/// Permission bits of a note.
pub const NOTE_MODE: u32 = 0o644;

/// Which version opens data is noted, before it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionNote {
    /// The image's name.
    pub image: String,
    /// The image's id; `None`: it is asked when the image is on the host, which it may not be when this is planned.
    pub id: Option<String>,
    /// Where it is noted, and what was there when this was planned.
    pub notes: Vec<(String, Seen)>,
}

impl Kind for VersionNote {
    fn command(&self) -> Command {
        let id = match &self.id {
            Some(id) => quote(id),
            None => "$(docker image inspect -f '{{.Id}}' \"$image\")".to_owned(),
        };
        let calls = self.notes.iter().map(|(path, seen)| format!("noted {} {}\n", quote(path), seen.word()));
        Command::root(write::script(format!(
            "set -e; image={}; id={id}\n\
             noted() {{ printf '%s\\n%s\\n' \"$image\" \"$id\" | writer put \"$1\" \"$2\" $((${{#image}} + ${{#id}} + 2)) {NOTE_MODE:o} 0 0; }}\n{}",
            quote(&self.image),
            calls.collect::<String>()
        )))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        use crate::facts::{content::ContentHash, state::FileState};
        let id = self.id.clone().unwrap_or_else(|| state.docker.images[&self.image].clone());
        let text = format!("{}\n{id}\n", self.image);
        for (path, _) in &self.notes {
            let (sha256, text) = (ContentHash::of(&text), Some(text.clone()));
            state
                .system
                .files
                .insert(path.into(), Some(FileState { sha256, mode: NOTE_MODE, uid: 0, gid: 0, text }));
        }
    }
}

/// A container goes that never ran, and the notes of which version opens its data are as they were. One that ran stays:
/// it may have changed the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnopenedGone {
    /// Its name.
    pub name: String,
    /// What is said if it ran.
    pub said: String,
    /// Where it is noted, and what was there.
    pub notes: Vec<(String, Option<String>)>,
}

impl Kind for UnopenedGone {
    fn command(&self) -> Command {
        let name = quote(&self.name);
        let notes = write::together(self.notes.iter().map(note));
        let script = format!(
            "set -e; found=$(docker container ls -aq -f name={filter})\n\
             if [ -n \"$found\" ]; then case $(docker container inspect -f '{{{{.State.StartedAt}}}}' {name}) in\n\
             0001-*) docker rm {name} ;; *) echo {said} >&2; exit 1 ;; esac; fi\n{notes}",
            filter = quote(&format!("^/{}$", self.name)),
            said = quote(&self.said)
        );
        let texts = self.notes.iter().filter_map(|(_, text)| text.as_deref());
        Command::root(write::script(script)).stdin(texts.collect::<String>())
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.docker.containers.retain(|found| found.name != self.name);
        for (path, text) in &self.notes {
            let found = text.as_ref().map(|text| super::listed::written(text, NOTE_MODE));
            state.system.files.insert(path.into(), found);
        }
    }
}

fn note((path, text): &(String, Option<String>)) -> String {
    match text {
        Some(text) => Put::own(Path::new(path), text, NOTE_MODE).call(),
        None => write::remove(Path::new(path), &Seen::Any),
    }
}
