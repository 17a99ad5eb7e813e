//! Security updates that a host knows of and has not installed.

use super::{Fact, Probe, strange};
use crate::model::command::{Output, quote};

/// What apt would install. It thinks for a second, so it is asked only where its lists or what is installed have changed since.
/// No apt: absent.
pub struct SecurityUpdates<'a> {
    /// What was answered last.
    pub known: Option<&'a Updates>,
}

/// Security updates that wait.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Updates {
    /// From which lists and installed packages they follow.
    state: String,
    /// The packages.
    pub packages: Vec<String>,
}

/// apt writes neither its locks nor its caches.
const QUESTION: &str = include_str!("update.sh").trim_ascii_end();

impl Probe for SecurityUpdates<'_> {
    type Value = Updates;

    fn question(&self) -> String {
        let known = self.known.map(|known| known.state.as_str()).unwrap_or_default();
        format!("known={}\n{QUESTION}", quote(known))
    }

    fn read(&self, output: &Output) -> Fact<Updates> {
        Fact::read(output, |text| {
            let mut lines = text.lines();
            let state = lines.next().and_then(|line| line.strip_prefix("state "));
            let state = state.ok_or_else(|| strange("the state of apt", text))?;
            let mut packages = Vec::new();
            for line in lines {
                match (line.split_once(' ').unwrap_or((line, "")), self.known) {
                    (("package", name), _) => packages.push(name.to_owned()),
                    (("same", ""), Some(known)) => return Ok(known.clone()),
                    (("end", ""), _) => return Ok(Updates { state: state.to_owned(), packages }),
                    _ => return Err(strange("a security update", line)),
                }
            }
            Err("apt did not say all security updates".to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write as _,
        process::{Command, Stdio},
    };

    use super::*;

    fn read(known: Option<&Updates>, stdout: &str) -> Fact<Updates> {
        SecurityUpdates { known }.read(&Output { stdout: stdout.to_owned(), ..Output::default() })
    }

    #[test]
    fn updates_are_read_and_not_asked_for_twice() {
        let Fact::Known(first) = read(None, "state 1-2-3-\npackage libssl3\npackage openssl\nend\n") else {
            panic!()
        };
        assert_eq!(first.packages, ["libssl3", "openssl"]);
        let again = SecurityUpdates { known: Some(&first) };
        assert!(again.question().starts_with("known='1-2-3-'\n"), "{}", again.question());
        assert_eq!(read(Some(&first), "state 1-2-3-\nsame\n"), Fact::Known(first.clone()));
        assert!(matches!(read(None, "state 1-2-3-\nsame\n"), Fact::Unreadable(_)));
        assert!(matches!(read(None, "state 1-2-3-\npackage libssl3\n"), Fact::Unreadable(_)), "a cut answer");
    }

    /// Lines of apt on Debian 12 and Ubuntu 22.04.
    #[test]
    fn an_update_is_told_from_a_security_update() {
        let said = "\
Inst base-files [12.4+deb12u1] (12.4+deb12u12 Debian:12.12/oldstable [amd64])
Inst libssl3 [3.0.15-1~deb12u1] (3.0.17-1~deb12u2 Debian-Security:12/oldstable-security [amd64])
Inst linux-image-new (6.1.1 Debian-Security:12/oldstable-security [amd64])
Inst curl [7.81.0-1] (7.81.0-2 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64])
Conf libssl3 (3.0.17-1~deb12u2 Debian-Security:12/oldstable-security [amd64])
";
        let filter = QUESTION.lines().find(|line| line.starts_with("awk ")).unwrap();
        let mut awk = Command::new("sh")
            .args(["-c", filter])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        awk.stdin.take().unwrap().write_all(said.as_bytes()).unwrap();
        let said = String::from_utf8(awk.wait_with_output().unwrap().stdout).unwrap();
        assert_eq!(said, "package libssl3\npackage curl\n");
    }
}
