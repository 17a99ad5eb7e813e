//! Where packages come from: this machine's own apt configuration, with the suite replaced.
//!
//! apt itself is asked, so that both forms of its sources, its drop-ins and its options are understood as apt
//! understands them, and no mirror is named here.

use std::{collections::BTreeSet, fs, io, net::IpAddr, path::Path};

use tokio::process::Command;

use super::{engine::talk, error::LabError, relay::redirect};
use crate::model::inventory::LabImage;

/// What a lab host's apt needs to install packages as this machine's apt does.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Apt {
    archives: Vec<Archive>,
    /// The text of a file for `apt.conf.d`.
    pub options: String,
    /// The text of a file for `auth.conf.d`: it holds passwords.
    pub auth: String,
}

/// One Debian archive: its address, and what its suite's name has after the release's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Archive {
    uri: String,
    suffix: String,
}

impl Apt {
    /// The configuration of this machine.
    ///
    /// # Errors
    /// [`LabError::Apt`] where there is no apt, [`LabError::NoArchive`] where it knows no Debian archive.
    pub(super) async fn of_this_machine() -> Result<Self, LabError> {
        // Without lists apt names what it would fetch of every archive, whether or not it was ever updated.
        let uris =
            say("apt-get", &["--print-uris", "-o", "Dir::State::Lists=/nonexistent", "update"]).await?;
        let release = read(Path::new("/etc/os-release"))?;
        let codename = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
        let archives = archives(&uris, codename.unwrap_or_default());
        if archives.is_empty() {
            return Err(LabError::NoArchive);
        }
        let dump = say("apt-config", &["dump", "--no-empty", "--format", "%F \"%v\";%n"]).await?;
        let proxy = |name: &str| std::env::var(name).ok();
        Ok(Self { archives, options: options(&dump, proxy), auth: auth()? })
    }

    /// The same for a host that finds this machine's loopback at another address, and the ports that it looks for there.
    pub(super) fn seen_from(&self, gateway: IpAddr) -> (Self, BTreeSet<u16>) {
        let (options, mut ports) = redirect(&self.options, gateway);
        let mut seen = |archive: &Archive| {
            let (uri, more) = redirect(&archive.uri, gateway);
            ports.extend(more);
            Archive { uri, suffix: archive.suffix.clone() }
        };
        let archives = self.archives.iter().map(&mut seen).collect();
        (Self { archives, options, auth: self.auth.clone() }, ports)
    }

    /// The `sources.list.d` text (deb822) for a distribution.
    pub(super) fn sources(&self, image: LabImage) -> String {
        let stanza = |archive: &Archive| {
            let Archive { uri, suffix } = archive;
            let codename = codename(image);
            format!(
                "Types: deb\nURIs: {uri}\nSuites: {codename}{suffix}\nComponents: main\n\
                 Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
            )
        };
        self.archives.iter().map(stanza).collect::<Vec<_>>().join("\n")
    }
}

/// The distribution's name in the archive.
pub(super) fn codename(image: LabImage) -> &'static str {
    match image {
        LabImage::Debian12 => "bookworm",
        LabImage::Debian13 => "trixie",
    }
}

async fn say(program: &str, args: &[&str]) -> Result<String, LabError> {
    let mut command = Command::new(program);
    command.args(args).env("LC_ALL", "C");
    let output = talk(command, b"").await.map_err(LabError::Apt)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads `'URI/dists/SUITE/main/binary-ARCH/Packages.xz' ...` lines; archives of others have other suites.
fn archives(uris: &str, codename: &str) -> Vec<Archive> {
    let mut found: Vec<Archive> = uris.lines().filter_map(|line| archive(line, codename)).collect();
    found.sort();
    found.dedup();
    found
}

fn archive(line: &str, codename: &str) -> Option<Archive> {
    let (uri, rest) = line.strip_prefix('\'')?.split_once("/dists/")?;
    let (suite, _) = rest.split_once("/main/binary-")?;
    let suffix = suite.strip_prefix(codename)?;
    ["", "-updates", "-security"]
        .contains(&suffix)
        .then(|| Archive { uri: uri.to_owned(), suffix: suffix.to_owned() })
}

/// apt's way of fetching: proxies, certificates, checks; not what it fetches. A proxy in the environment counts too.
fn options(dump: &str, environment: impl Fn(&str) -> Option<String>) -> String {
    const NOT_FETCHING: [&str; 4] = ["IndexTargets", "Changelogs", "cdrom", "Languages"];
    let fetching = |line: &&str| {
        let Some(rest) = line.strip_prefix("Acquire::") else { return false };
        !NOT_FETCHING.iter().any(|word| rest.starts_with(word))
    };
    let mut lines: Vec<String> = dump.lines().filter(fetching).map(str::to_owned).collect();
    for scheme in ["http", "https"] {
        let key = format!("Acquire::{scheme}::Proxy ");
        if let Some(proxy) = environment(&format!("{scheme}_proxy"))
            && !lines.iter().any(|line| line.starts_with(&key))
        {
            lines.push(format!("{key}\"{proxy}\";"));
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The passwords of archives: `auth.conf` and everything in `auth.conf.d`.
fn auth() -> Result<String, LabError> {
    let folder = Path::new("/etc/apt/auth.conf.d");
    let mut files = vec![Path::new("/etc/apt/auth.conf").to_owned()];
    if let Ok(entries) = fs::read_dir(folder) {
        files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
    }
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

fn read(file: &Path) -> Result<String, LabError> {
    match fs::read_to_string(file) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(LabError::File { path: file.to_owned(), source }),
        Ok(text) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URIS: &str = "\
'http://mirror.example/debian/dists/bookworm/InRelease' x 0
'http://mirror.example/debian/dists/bookworm/main/binary-amd64/Packages.xz' x 0
'http://mirror.example/debian/dists/bookworm/main/binary-all/Packages.xz' x 0
'http://mirror.example/security/dists/bookworm-security/main/binary-amd64/Packages.xz' x 0
'http://cloud.example/apt/dists/bookworm-tools/main/binary-amd64/Packages.xz' x 0
'http://docker.example/debian/dists/bookworm/stable/binary-amd64/Packages.xz' x 0
";

    #[test]
    fn only_debian_archives_are_taken_and_the_suite_is_replaced() {
        let apt = Apt { archives: archives(URIS, "bookworm"), options: String::new(), auth: String::new() };
        insta::assert_snapshot!(apt.sources(LabImage::Debian13), @r"
        Types: deb
        URIs: http://mirror.example/debian
        Suites: trixie
        Components: main
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

        Types: deb
        URIs: http://mirror.example/security
        Suites: trixie-security
        Components: main
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
        ");
        assert!(archives(URIS, "noble").is_empty());
    }

    #[test]
    fn options_of_fetching_are_kept_and_the_environment_fills_in() {
        let dump = "APT::Architecture \"amd64\";\nAcquire::IndexTargets::deb::Packages::x \"y\";\n\
                    Acquire::http::Proxy \"http://proxy.example:3142\";\nAcquire::Check-Date \"false\";\n";
        let environment = |name: &str| Some(format!("http://{name}.example"));
        insta::assert_snapshot!(options(dump, environment), @r#"
        Acquire::http::Proxy "http://proxy.example:3142";
        Acquire::Check-Date "false";
        Acquire::https::Proxy "http://https_proxy.example";
        "#);
        assert_eq!(options(dump, |_| None).lines().count(), 2);
    }
}
