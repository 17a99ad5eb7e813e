//! Whether the key a host shows is the host's: a pinned fingerprint, known_hosts, or the key just seen.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use russh::keys::{Algorithm, HashAlg, PublicKey};

use crate::model::inventory::Login;

use super::known_hosts::{self, KnownHosts, Verdict};

/// Why a host's key is not trusted.
#[derive(Debug, thiserror::Error)]
pub enum HostKeyFault {
    /// Never seen before.
    #[error("host key of {name} is not known: {shown}")]
    Unknown {
        /// The host as known_hosts writes it.
        name: String,
        /// Kind and fingerprint of the key.
        shown: String,
        /// Where it would be learnt.
        file: PathBuf,
    },
    /// Another key than the known one.
    #[error("host key of {name} has changed: {}:{line} has another key than {shown}", file.display())]
    Changed {
        /// The host as known_hosts writes it.
        name: String,
        /// Kind and fingerprint of the key.
        shown: String,
        /// The known_hosts file.
        file: PathBuf,
        /// The line with the other key.
        line: usize,
    },
    /// Marked as stolen.
    #[error("host key of {name} is revoked by {}:{line}: {shown}", file.display())]
    Revoked {
        /// The host as known_hosts writes it.
        name: String,
        /// Kind and fingerprint of the key.
        shown: String,
        /// The known_hosts file.
        file: PathBuf,
        /// The line that revokes it.
        line: usize,
    },
    /// known_hosts has a certificate authority for this host; host certificates are not supported.
    #[error("host key of {name} is vouched for only by the @cert-authority in {}:{line}", file.display())]
    Authority {
        /// The host as known_hosts writes it.
        name: String,
        /// Kind and fingerprint of the key.
        shown: String,
        /// The known_hosts file.
        file: PathBuf,
        /// The line of the authority.
        line: usize,
    },
    /// Another key than the inventory pins.
    #[error("host key {shown} is not the pinned {pinned}")]
    NotPinned {
        /// Kind and fingerprint of the key.
        shown: String,
        /// `ssh.host_key` of the inventory.
        pinned: String,
    },
    /// Another key than a moment ago, on a reconnect.
    #[error("host key changed between two connections: {shown}")]
    Swapped {
        /// Kind and fingerprint of the key.
        shown: String,
    },
    /// known_hosts cannot be read or written.
    #[error("cannot use {}", file.display())]
    File {
        /// The known_hosts file.
        file: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
}

impl HostKeyFault {
    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown { file, .. } => format!(
                "compare the fingerprint with `ssh-keygen -lf` on the host's console; then run again with --accept-new-host-keys, which adds it to {}, or pin it as `ssh.host_key`",
                file.display()
            ),
            Self::Changed { name, file, .. } => format!(
                "someone may be in the middle; if the host was reinstalled, remove the old key with `ssh-keygen -R '{name}' -f {}`",
                file.display()
            ),
            Self::Revoked { .. } => "give the host a new key (`ssh-keygen -A`); this one is marked as stolen".to_owned(),
            Self::Authority { shown, .. } => {
                format!("host certificates are not supported; pin the host's own key as `ssh.host_key`, now {shown}")
            }
            Self::NotPinned { .. } => {
                "someone may be in the middle; if the host was reinstalled, correct `ssh.host_key` in the inventory (of \
                 several host keys the ed25519 one is shown)"
                    .to_owned()
            }
            Self::Swapped { .. } => "another host answers at this address, or someone is in the middle".to_owned(),
            Self::File { .. } => "check `ssh.known_hosts` in the inventory and the file's permissions".to_owned(),
        }
    }
}

/// What a host's key is measured against.
pub(super) enum Trust {
    /// A fingerprint from the inventory.
    Pinned(String),
    /// The key this host showed a moment ago.
    Same(PublicKey),
    /// A known_hosts file, and the names the host may have in it.
    File { file: PathBuf, names: Vec<String>, known: KnownHosts, unknown: Unknown },
}

/// What to do with a key never seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    Refuse,
    Learn,
}

impl Trust {
    /// What the inventory says. A missing known_hosts file knows nobody.
    pub(super) fn of(login: &Login) -> Result<Self, HostKeyFault> {
        if let Some(pinned) = &login.host_key {
            return Ok(Self::Pinned(pinned.trim().trim_end_matches('=').to_owned()));
        }
        let file = login.known_hosts.clone();
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(HostKeyFault::File { file, source }),
        };
        let known = KnownHosts::parse(&String::from_utf8_lossy(&bytes));
        let names = names(login);
        let unknown = if login.accept_new { Unknown::Learn } else { Unknown::Refuse };
        Ok(Self::File { file, names, known, unknown })
    }

    /// The kinds of key to ask the host for first.
    pub(super) fn algorithms(&self) -> Vec<Algorithm> {
        match self {
            Self::Pinned(_) => Vec::new(),
            Self::Same(key) => vec![key.algorithm()],
            Self::File { names, known, .. } => known.algorithms(known.called(names)),
        }
    }

    /// Judges the key a host has proved to own, and learns it where that is wanted.
    pub(super) fn check(&self, key: &PublicKey) -> Result<(), HostKeyFault> {
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        let shown = format!("{} {fingerprint}", key.algorithm());
        match self {
            Self::Pinned(pinned) if *pinned == fingerprint => Ok(()),
            Self::Pinned(pinned) => Err(HostKeyFault::NotPinned { shown, pinned: pinned.clone() }),
            Self::Same(seen) if seen.key_data() == key.key_data() => Ok(()),
            Self::Same(_) => Err(HostKeyFault::Swapped { shown }),
            Self::File { file, names, known, unknown } => {
                let (name, file) = (known.called(names).to_owned(), file.clone());
                match (known.judge(names, key), unknown) {
                    (Verdict::Known, _) => Ok(()),
                    (Verdict::Unknown, Unknown::Learn) => learn(&file, &name, key),
                    (Verdict::Unknown, Unknown::Refuse) => Err(HostKeyFault::Unknown { name, shown, file }),
                    (Verdict::Changed(line), _) => Err(HostKeyFault::Changed { name, shown, file, line }),
                    (Verdict::Revoked(line), _) => Err(HostKeyFault::Revoked { name, shown, file, line }),
                    (Verdict::Authority(line), _) => Err(HostKeyFault::Authority { name, shown, file, line }),
                }
            }
        }
    }
}

/// The names of a host: that of its port, and that of the port from which its sshd is moved.
fn names(login: &Login) -> Vec<String> {
    let ports = [Some(login.port), login.initial_port].into_iter().flatten();
    ports.map(|port| known_hosts::name(&login.address.to_string(), port)).collect()
}

fn learn(file: &Path, name: &str, key: &PublicKey) -> Result<(), HostKeyFault> {
    let line = PublicKey::new(key.key_data().clone(), "").to_openssh().map_err(io::Error::other);
    let learnt = line.and_then(|key| append(file, &format!("{name} {key}\n")));
    learnt.map_err(|source| HostKeyFault::File { file: file.to_owned(), source })
}

/// Adds a line in one write, so that several hosts can learn at once; completes a last line that lacks its newline.
fn append(file: &Path, line: &str) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut known = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(file)?;
    let line = if ends_open(&mut known)? { format!("\n{line}") } else { line.to_owned() };
    known.write_all(line.as_bytes())
}

fn ends_open(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINKMk4wWFS/if4agJhOhV4SjL1vitr2QgSd9XpxLSm+y";

    fn key() -> PublicKey {
        PublicKey::from_openssh(KEY).unwrap()
    }

    fn trust(text: &str, unknown: Unknown) -> Trust {
        let (file, names) = ("/etc/known_hosts".into(), vec!["10.0.0.5".to_owned()]);
        Trust::File { file, names, known: KnownHosts::parse(text), unknown }
    }

    fn refusal(trust: &Trust) -> String {
        let fault = trust.check(&key()).unwrap_err();
        format!("{fault}\nhint: {}", fault.hint())
    }

    #[test]
    fn a_known_key_passes_in_silence() {
        trust(&format!("10.0.0.5 {KEY}"), Unknown::Refuse).check(&key()).unwrap();
        Trust::Same(key()).check(&key()).unwrap();
        Trust::Pinned("SHA256:PnCaXyrDGCyYlupE0mDIC3WeGxRNFx9y+gnKCVW3E4M".to_owned()).check(&key()).unwrap();
    }

    #[test]
    fn a_host_whose_sshd_was_moved_is_known_by_both_its_names() {
        let names = ["[10.0.0.5]:2222".to_owned(), "10.0.0.5".to_owned()];
        let check = |lines: &str| {
            let known = KnownHosts::parse(&lines.replace("KEY", KEY));
            let (file, unknown) = ("/nowhere/known_hosts".into(), Unknown::Refuse);
            Trust::File { file, names: names.to_vec(), known, unknown }.check(&key())
        };
        for lines in ["10.0.0.5 KEY", "[10.0.0.5]:2222 KEY", "10.0.0.5 KEY\n[10.0.0.5]:2222 KEY"] {
            assert!(check(lines).is_ok(), "{lines}");
        }
        let Err(HostKeyFault::Unknown { name, .. }) = check("") else { panic!("known") };
        assert_eq!(name, names[0]);
        let other = KEY.replace("LSm+y", "LSm+z");
        let changed = check(&format!("10.0.0.5 KEY\n[10.0.0.5]:2222 {other}"));
        assert!(matches!(changed, Err(HostKeyFault::Changed { .. })));
        for lines in ["@revoked 10.0.0.5 KEY", "10.0.0.5 KEY\n@revoked [10.0.0.5]:2222 KEY"] {
            assert!(matches!(check(lines), Err(HostKeyFault::Revoked { .. })), "{lines}");
        }
    }

    #[test]
    fn a_refusal_names_the_way_out() {
        insta::assert_snapshot!(refusal(&trust("", Unknown::Refuse)), @r#"
        host key of 10.0.0.5 is not known: ssh-ed25519 SHA256:PnCaXyrDGCyYlupE0mDIC3WeGxRNFx9y+gnKCVW3E4M
        hint: compare the fingerprint with `ssh-keygen -lf` on the host's console; then run again with --accept-new-host-keys, which adds it to /etc/known_hosts, or pin it as `ssh.host_key`
        "#);
        let other = KEY.replace("LSm+y", "LSm+z");
        // Learning is for keys never seen: a changed one is refused all the same.
        insta::assert_snapshot!(refusal(&trust(&format!("\n10.0.0.5 {other}"), Unknown::Learn)), @r#"
        host key of 10.0.0.5 has changed: /etc/known_hosts:2 has another key than ssh-ed25519 SHA256:PnCaXyrDGCyYlupE0mDIC3WeGxRNFx9y+gnKCVW3E4M
        hint: someone may be in the middle; if the host was reinstalled, remove the old key with `ssh-keygen -R '10.0.0.5' -f /etc/known_hosts`
        "#);
        insta::assert_snapshot!(refusal(&trust(&format!("@revoked * {KEY}"), Unknown::Learn)), @r#"
        host key of 10.0.0.5 is revoked by /etc/known_hosts:1: ssh-ed25519 SHA256:PnCaXyrDGCyYlupE0mDIC3WeGxRNFx9y+gnKCVW3E4M
        hint: give the host a new key (`ssh-keygen -A`); this one is marked as stolen
        "#);
        insta::assert_snapshot!(refusal(&trust(&format!("@cert-authority * {KEY}"), Unknown::Learn)), @r#"
        host key of 10.0.0.5 is vouched for only by the @cert-authority in /etc/known_hosts:1
        hint: host certificates are not supported; pin the host's own key as `ssh.host_key`, now ssh-ed25519 SHA256:PnCaXyrDGCyYlupE0mDIC3WeGxRNFx9y+gnKCVW3E4M
        "#);
        insta::assert_snapshot!(refusal(&Trust::Pinned("SHA256:x".to_owned())), @r#"
        host key ssh-ed25519 SHA256:PnCaXyrDGCyYlupE0mDIC3WeGxRNFx9y+gnKCVW3E4M is not the pinned SHA256:x
        hint: someone may be in the middle; if the host was reinstalled, correct `ssh.host_key` in the inventory (of several host keys the ed25519 one is shown)
        "#);
    }

    #[test]
    fn learning_appends_a_line_and_spoils_none() {
        let folder = std::env::temp_dir().join(format!("pryvctl-learn-{}", std::process::id()));
        let file = folder.join("ssh/known_hosts");
        learn(&file, "a", &key()).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(folder.join("ssh")).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(&file, "# no newline at the end").unwrap();
        learn(&file, "b", &key()).unwrap();
        learn(&file, "[c]:2222", &key()).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text, format!("# no newline at the end\nb {KEY}\n[c]:2222 {KEY}\n"));
        fs::remove_dir_all(folder).unwrap();
    }
}
