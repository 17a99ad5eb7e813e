//! The stand-ins as a registry stores them, kept in a volume for the next lab: to build and push all of them again takes a
//! processor some twenty seconds.

use crate::lab::{LabError, engine::Docker, image::Image};

/// On every such volume.
const LABEL: &str = "pryvctl.lab.standins";

/// Takes them over where all of them are there; else ends with 1.
const FILL: &str = "[ -e /from/whole ] && cp -a /from/docker /to/";

/// Whoever is killed on the way leaves no `whole`.
const KEEP: &str = "rm -rf /to/docker /to/whole && cp -a /from/docker /to/ && sync -f /to && : >/to/whole";

/// The stand-ins of one recipe.
pub(super) struct Kept {
    volume: String,
}

impl Kept {
    pub(super) fn of(edition: &str) -> Self {
        Self { volume: format!("pryvctl-lab-standins-{edition}") }
    }

    /// Puts them into the storage of a registry; `false`: they are not kept.
    pub(super) async fn fill(&self, docker: &Docker, storage: &str) -> Result<bool, LabError> {
        let known = docker.ask(&["volume", "inspect", &self.volume], b"").await?;
        Ok(known.status.success() && copy(docker, &self.volume, storage, FILL).await.is_ok())
    }

    /// Keeps them as a registry has them now, and those of no older recipe.
    pub(super) async fn keep(&self, docker: &Docker, storage: &str) -> Result<(), LabError> {
        remove(docker).await?;
        docker.run(&["volume", "create", "--label", LABEL, &self.volume]).await?;
        copy(docker, storage, &self.volume, KEEP).await
    }
}

/// Removes what no lab is about to take over.
pub(in crate::lab) async fn remove(docker: &Docker) -> Result<(), LabError> {
    let kept = docker.run(&["volume", "ls", "--quiet", "--filter", &format!("label={LABEL}")]).await?;
    for volume in kept.lines() {
        // Refused where another lab copies from it just now.
        docker.ask(&["volume", "rm", volume], b"").await?;
    }
    Ok(())
}

async fn copy(docker: &Docker, from: &str, to: &str, script: &str) -> Result<(), LabError> {
    let (from, to) = (format!("{from}:/from:ro"), format!("{to}:/to"));
    let run = ["run", "--rm", "--network", "none", "--volume", &from, "--volume", &to];
    docker.run(&[&run[..], &[Image::Registry.tag(), "sh", "-c", script]].concat()).await.map(drop)
}
