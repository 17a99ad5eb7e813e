//! The images of lab hosts and of the registry: Debian packages put together by mmdebstrap.
//!
//! An image carries the hash of its recipe, so that it is built once and built again when the recipe changes. It holds
//! no mirror and no password: those are given to a host when it boots.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::{
    apt::{Apt, codename},
    engine::{Docker, said, talk},
    error::LabError,
    folder::Folder,
    turn::turn,
};
use crate::model::{
    command::quote,
    inventory::{LabHost, LabImage},
};

/// The label with the hash of the recipe; it also tells which images are the lab's.
pub(super) const RECIPE: &str = "pryvctl.lab.recipe";

/// What a host has before anybody does anything to it.
const HOST: &str =
    "systemd-sysv dbus libpam-systemd openssh-server sudo nftables iproute2 procps kmod curl ca-certificates";
const REGISTRY: &str = "docker-registry apache2-utils ca-certificates curl";
/// The servers themselves, Python for our own, busybox for `wget` and `nslookup`; usr-is-merged keeps perl out.
const STANDINS: &str = "busybox nginx-light nsd python3 redis-server usr-is-merged";
/// Parts of packages that no stand-in needs: hosts of the lab pull the rest, which is smaller.
const LEFT_OUT: [&str; 4] =
    ["/usr/lib/*/gconv/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*"];
/// The last step of every recipe.
const FINISH: &str = include_str!("files/image.sh");

/// An image of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Image {
    /// A host, with an engine inside or bare.
    Host(LabHost),
    /// The registry.
    Registry,
    /// What all stand-ins of the platform's images start from.
    Standins,
}

impl Image {
    /// The tag.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Host(LabHost { image: LabImage::Debian12, bare: true }) => "pryvctl-lab/debian12:bare",
            Self::Host(LabHost { image: LabImage::Debian12, bare: false }) => "pryvctl-lab/debian12:docker",
            Self::Host(LabHost { image: LabImage::Debian13, bare: true }) => "pryvctl-lab/debian13:bare",
            Self::Host(LabHost { image: LabImage::Debian13, bare: false }) => "pryvctl-lab/debian13:docker",
            Self::Registry => "pryvctl-lab/registry:latest",
            Self::Standins => "pryvctl-lab/standins:base",
        }
    }

    fn distribution(self) -> LabImage {
        match self {
            Self::Host(host) => host.image,
            Self::Registry | Self::Standins => LabImage::Debian12,
        }
    }

    fn packages(self) -> String {
        let engine = match self {
            Self::Registry => return REGISTRY.replace(' ', ","),
            Self::Standins => return STANDINS.replace(' ', ","),
            Self::Host(LabHost { bare: true, .. }) => "",
            Self::Host(LabHost { image: LabImage::Debian12, .. }) => " docker.io iptables",
            // Since Debian 13 the client is a package of its own.
            Self::Host(LabHost { image: LabImage::Debian13, .. }) => " docker.io docker-cli iptables",
        };
        format!("{HOST}{engine}").replace(' ', ",")
    }

    /// Paths that are not unpacked.
    fn left_out(self) -> &'static [&'static str] {
        match self {
            Self::Host(_) | Self::Registry => &[],
            Self::Standins => &LEFT_OUT,
        }
    }

    /// What tells this recipe from every other.
    pub(super) fn recipe(self) -> String {
        let text =
            [codename(self.distribution()), &self.packages(), &self.left_out().join(" "), FINISH].join("\n");
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Builds the image unless the engine has one of this very recipe.
    ///
    /// # Errors
    /// [`LabError::NoMmdebstrap`], [`LabError::Build`] and what `docker import` says.
    pub(super) async fn ensure(
        self,
        docker: &Docker,
        apt: &Apt,
        folder: &Folder,
        progress: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<(), LabError> {
        if self.is_there(docker).await? {
            return Ok(());
        }
        // Another lab may be building the same image: wait for it rather than build it twice.
        let _turn = turn(self.tag()).await?;
        if self.is_there(docker).await? {
            return Ok(());
        }
        let uid = fs::metadata("/proc/self").map(|process| process.uid());
        if uid.is_ok_and(|uid| uid != 0) {
            return Err(LabError::NotRoot { image: self.tag().to_owned() });
        }
        progress(&format!("building the image {} (once, about a minute)", self.tag()));
        // In the lab's folder, so that `down` also removes what a killed build left.
        let folder = folder.inner(&format!("build-{}", self.tag().replace(['/', ':'], "-")));
        folder.remove()?;
        folder.make()?;
        let built = self.build(docker, apt, &folder).await;
        folder.remove()?;
        built
    }

    async fn is_there(self, docker: &Docker) -> Result<bool, LabError> {
        let label = format!("{{{{index .Config.Labels \"{RECIPE}\"}}}}");
        let known = docker.ask(&["image", "inspect", "--format", &label, self.tag()], b"").await?;
        Ok(String::from_utf8_lossy(&known.stdout).trim() == self.recipe())
    }

    async fn build(self, docker: &Docker, apt: &Apt, folder: &Folder) -> Result<(), LabError> {
        folder.write("lab.sources", &apt.sources(self.distribution()))?;
        folder.write("options", &apt.options)?;
        folder.write("auth", &apt.auth)?;
        let archive = folder.path("image.tar");
        let mut command = Command::new("mmdebstrap");
        command
            .env("TMPDIR", folder.path(""))
            .args(["--mode=root", "--variant=minbase", "--format=tar", "--include"])
            .arg(self.packages())
            .args(self.left_out().iter().map(|path| format!("--dpkgopt=path-exclude={path}")))
            .arg(format!("--aptopt={}", folder.path("options").display()))
            .arg("--setup-hook=mkdir -p \"$1/etc/apt/auth.conf.d\"")
            .arg(format!(
                "--setup-hook=upload {} /etc/apt/auth.conf.d/90lab.conf",
                quote(&folder.path("auth").to_string_lossy())
            ))
            .arg(format!("--customize-hook={FINISH}"))
            .arg(codename(self.distribution()))
            .args([&archive, &folder.path("lab.sources")]);
        let output = talk(command, b"").await.map_err(LabError::NoMmdebstrap)?;
        if !output.status.success() {
            return Err(LabError::Build { image: self.tag().to_owned(), said: said(&output) });
        }
        self.import(docker, &archive).await
    }

    async fn import(self, docker: &Docker, archive: &Path) -> Result<(), LabError> {
        let label = format!("LABEL {RECIPE}={}", self.recipe());
        let archive = archive.to_string_lossy();
        docker.run(&["import", "--change", &label, &archive, self.tag()]).await.map(drop)
    }
}

/// Removes the images that no lab uses any more.
pub(super) async fn remove_all(docker: &Docker) -> Result<(), LabError> {
    let label = format!("label={RECIPE}");
    let name = "{{if eq .Tag \"<none>\"}}{{.ID}}{{else}}{{.Repository}}:{{.Tag}}{{end}}";
    let list = ["image", "ls", "--filter", &label, "--format", name];
    let mut left = docker.run(&list).await?;
    loop {
        for image in left.lines() {
            // Refused where a container still needs it, and while an image that was built on it is there.
            docker.ask(&["image", "rm", image], b"").await?;
        }
        let now = docker.run(&list).await?;
        if now == left {
            return Ok(());
        }
        left = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Image; 6] = [
        Image::Host(LabHost { image: LabImage::Debian12, bare: false }),
        Image::Host(LabHost { image: LabImage::Debian12, bare: true }),
        Image::Host(LabHost { image: LabImage::Debian13, bare: false }),
        Image::Host(LabHost { image: LabImage::Debian13, bare: true }),
        Image::Registry,
        Image::Standins,
    ];

    #[test]
    fn every_image_has_its_own_tag_and_recipe() {
        for (place, image) in ALL.iter().enumerate() {
            for other in &ALL[..place] {
                assert_ne!(image.tag(), other.tag());
                assert_ne!(image.recipe(), other.recipe());
            }
        }
    }

    #[test]
    fn a_bare_host_has_no_docker() {
        let with_docker: Vec<&str> = ALL
            .iter()
            .filter(|image| image.packages().contains("docker.io"))
            .map(|image| image.tag())
            .collect();
        assert_eq!(with_docker, ["pryvctl-lab/debian12:docker", "pryvctl-lab/debian13:docker"]);
    }
}
