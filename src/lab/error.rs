//! What can go wrong with the lab, and the way out of each.

use std::{io, path::PathBuf};

use crate::model::name::{HostName, InvalidName};

/// Why the lab could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The lab's name cannot become the name of containers and folders.
    #[error("the lab needs another name")]
    Name(#[source] InvalidName),
    /// There is no lab of this name.
    #[error("there is no lab named `{0}`")]
    Unknown(String),
    /// The inventory has a host that the lab has not, so a rehearsal would reach the real one.
    #[error("the lab `{lab}` has no host {host}")]
    NotInLab {
        /// The host.
        host: HostName,
        /// The lab.
        lab: String,
    },
    /// The `docker` command is missing.
    #[error("no `docker` command here")]
    NoDocker(#[source] io::Error),
    /// The local engine does not answer.
    #[error("the local Docker engine does not answer: {said}")]
    EngineDown {
        /// What `docker` said.
        said: String,
    },
    /// `docker` refused something.
    #[error("`docker {doing}` failed: {said}")]
    Docker {
        /// The arguments; they never hold a secret.
        doing: String,
        /// What `docker` said.
        said: String,
    },
    /// The `mmdebstrap` command is missing.
    #[error("no `mmdebstrap` command here, which builds the images of lab hosts")]
    NoMmdebstrap(#[source] io::Error),
    /// Packages can only be unpacked into an image by root.
    #[error("the image {image} is not there yet, and building it needs root")]
    NotRoot {
        /// The image's tag.
        image: String,
    },
    /// An image could not be built.
    #[error("building the image {image} failed: {said}")]
    Build {
        /// The image's tag.
        image: String,
        /// The last lines of mmdebstrap.
        said: String,
    },
    /// This machine's apt does not use a Debian archive.
    #[error("apt of this machine has no Debian archive that a lab host could use")]
    NoArchive,
    /// The machine's apt configuration could not be read.
    #[error("`apt-config dump` failed")]
    Apt(#[source] io::Error),
    /// No network is free.
    #[error("no free IPv4 network for the lab within {within}")]
    NoNetwork {
        /// Where networks were looked for.
        within: ipnet::Ipv4Net,
    },
    /// More hosts than a lab's network has addresses.
    #[error("a lab has room for {most} hosts, the inventory has {asked}")]
    TooMany {
        /// The number of hosts in the inventory.
        asked: usize,
        /// The number that fits.
        most: usize,
    },
    /// A lab host did not come up.
    #[error("lab host {host} did not start: {said}")]
    Boot {
        /// Which host.
        host: HostName,
        /// What it was still doing.
        said: String,
    },
    /// The lab's registry did not come up.
    #[error("the registry of the lab did not start: {said}")]
    Registry {
        /// Its last log lines.
        said: String,
    },
    /// A file of the lab could not be read or written.
    #[error("{path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The kernel gave us no turn.
    #[error("could not lock {thing} for creation")]
    Turn {
        /// What is to be made.
        thing: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// `lab.json` is not what this version wrote.
    #[error("{path} was not written by this version of pryvctl")]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The lab's SSH key could not be made.
    #[error("making the SSH key of the lab failed")]
    Key(#[source] russh::keys::ssh_key::Error),
    /// A certificate of the lab could not be made.
    #[error("making a certificate of the lab failed")]
    Certificate(#[from] rcgen::Error),
    /// Neither XDG_STATE_HOME nor HOME tells where the lab's files belong.
    #[error("neither XDG_STATE_HOME nor HOME is set, so the lab has no place for its files")]
    NoHome,
}

impl LabError {
    /// The way out, if there is one to tell.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Name(_) => "use 1 to 63 lower-case letters, digits and inner hyphens".to_owned(),
            Self::Unknown(name) => format!("make it with `pryvctl lab up INVENTORY --name {name}`"),
            Self::NotInLab { lab, .. } => format!("add it with `pryvctl lab up INVENTORY --name {lab}`"),
            Self::NoDocker(_) => "install Docker: `apt-get install docker.io`".to_owned(),
            Self::EngineDown { said } => engine_hint(said),
            Self::NotRoot { .. } => "run this once with sudo; the image then serves every lab".to_owned(),
            Self::NoMmdebstrap(_) => "install it: `apt-get install mmdebstrap`".to_owned(),
            Self::Build { said, .. } | Self::Docker { said, .. } => return trouble_hint(said),
            Self::NoArchive => {
                "the lab runs on a Debian machine; `apt-get indextargets` must list its archive \
                                with the component main"
                    .to_owned()
            }
            Self::Apt(_) => {
                "the lab builds its hosts from Debian packages and runs on Debian machines".to_owned()
            }
            Self::NoNetwork { .. } => "remove labs that are not needed: `pryvctl lab down`".to_owned(),
            Self::TooMany { .. } => "rehearse with fewer hosts in the inventory".to_owned(),
            // A host takes about 8 watchers; 128 is the usual limit of all hosts together.
            Self::Boot { said, .. } if said.contains("Too many open files") => {
                "raise the machine's limit of watchers: `sysctl fs.inotify.max_user_instances=1024`"
                    .to_owned()
            }
            Self::Boot { .. } | Self::Registry { .. } => {
                "run `pryvctl lab up` again; if that fails, run `pryvctl lab down` first".to_owned()
            }
            Self::Json { .. } => "remove this lab with `pryvctl lab down` and make it again".to_owned(),
            Self::File { source, .. } | Self::Turn { source, .. } => {
                return trouble_hint(&source.to_string());
            }
            Self::NoHome => "set HOME, or XDG_STATE_HOME to a folder of yours".to_owned(),
            Self::Key(_) | Self::Certificate(_) => return None,
        };
        Some(hint)
    }
}

fn engine_hint(said: &str) -> String {
    if said.contains("permission denied") {
        "run as root, or as a member of the group docker".to_owned()
    } else {
        "start it with `systemctl start docker`".to_owned()
    }
}

/// The troubles that every tool words alike, because the words are the C library's.
fn trouble_hint(said: &str) -> Option<String> {
    let ways = [
        (
            "No space left on device",
            "make room on the disk: the image of a lab host takes about 1 GB while it is built",
        ),
        ("no space left on device", "make room on the disk: the images and hosts of a lab take about 3 GB"),
        ("Permission denied", "run as root, or give yourself the rights that the message names"),
        ("is already in use", "something else has this name: choose another lab name"),
    ];
    ways.iter().find(|(word, _)| said.contains(word)).map(|(_, way)| (*way).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_recognised_and_other_trouble_is_not() {
        let build =
            |said: &str| LabError::Build { image: "pryvctl-lab/debian12:bare".into(), said: said.into() };
        assert!(build("E: write: No space left on device").hint().is_some_and(|hint| hint.contains("disk")));
        assert_eq!(build("E: something else").hint(), None);
    }

    #[test]
    fn a_stopped_engine_and_a_locked_one_have_different_ways_out() {
        let down = |said: &str| LabError::EngineDown { said: said.into() }.hint().unwrap();
        assert_eq!(
            down(
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
            ),
            "start it with `systemctl start docker`"
        );
        assert_eq!(
            down("permission denied while trying to connect to the Docker daemon socket"),
            "run as root, or as a member of the group docker"
        );
    }
}
