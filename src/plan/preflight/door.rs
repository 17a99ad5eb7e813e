//! What sshd's configuration would do to our next login. The running sshd may not know it yet: somebody wrote it and did
//! not reload, so that our own reload would be what locks us out.

use std::{collections::BTreeMap, net::IpAddr};

use crate::{
    facts::{Fact, Facts, state::UnitState},
    model::desired::Desired,
    plan::{finding::Finding, sshd},
};

/// What `sshd -T` shows.
type Directives = BTreeMap<String, Vec<String>>;

const NEEDED: &str = "a configuration that allows the next login";

/// One finding for each thing that would keep us out; one that is well where there is none.
pub(super) fn door(desired: &Desired, facts: &Facts) -> Vec<Finding> {
    let Some(directives) = facts.sshd.known() else { return Vec::new() };
    let look = Look { desired, directives };
    let closed =
        [look.port(facts), look.address(), look.users(), look.methods(), look.command(), boot(facts)];
    let closed: Vec<Finding> = closed
        .into_iter()
        .flatten()
        .map(|(found, remedy)| Finding::ok("next-login", found, NEEDED).failure(remedy))
        .collect();
    if closed.is_empty() { vec![Finding::ok("next-login", "nothing blocks it", NEEDED)] } else { closed }
}

/// A login is over when sshd hangs up, so the right key has to come in time: by what the host says once the plan is carried
/// out, where this login took so many keys.
pub fn late_key(shown: usize, desired: &Desired, found: &Fact<Directives>) -> Option<Finding> {
    let most = sshd::most_tries(desired, found.known()?)?;
    let (found, remedy) = (
        format!(
            "the accepted key is number {shown} of those offered, and sshd hangs up after {most} attempts (MaxAuthTries)"
        ),
        "put this key first in `ssh.identities`; of a key that only the ssh-agent has, name the public key file",
    );
    (shown > most).then(|| Finding::ok("next-login", found, NEEDED).failure(remedy))
}

/// What is found and what to do about it.
type Closed = Option<(String, String)>;

struct Look<'a> {
    desired: &'a Desired,
    directives: &'a Directives,
}

impl Look<'_> {
    /// The words of a directive; none where we are about to write it ourselves.
    fn words(&self, name: &str) -> Vec<&str> {
        if sshd::decides(self.desired, name) {
            return Vec::new();
        }
        let values = self.directives.get(name).into_iter().flatten();
        values.flat_map(|value| value.split_whitespace()).collect()
    }

    fn port(&self, facts: &Facts) -> Closed {
        // It is about to be moved.
        if facts.came_in.known().is_some_and(|port| self.desired.leaves(*port)) {
            return None;
        }
        let (ports, ours) = (self.words("port"), self.desired.ssh_port.to_string());
        if ports.is_empty() || ports.contains(&ours.as_str()) {
            return None;
        }
        let remedy = format!(
            "add `Port {ours}` to sshd_config, set `ssh.port` to where sshd listens, or set `ssh.initial_port` to let `harden` move it"
        );
        Some((format!("sshd is configured to listen on port {}, not on {ours}", ports.join(", ")), remedy))
    }

    fn address(&self) -> Closed {
        let addresses = self.words("listenaddress");
        let inside = |word: &&str| {
            let address = word.rsplit_once(':').map_or(*word, |(address, _)| address);
            address.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        };
        if addresses.is_empty() || !addresses.iter().all(inside) {
            return None;
        }
        let remedy = format!("take `ListenAddress` out, or add `ListenAddress {}`", self.desired.address);
        Some((format!("sshd is configured to listen only on {}", addresses.join(", ")), remedy))
    }

    fn users(&self) -> Closed {
        let user = &self.desired.login_user;
        let names = |word: &&str| matches(word.split('@').next().unwrap_or_default(), user);
        // A pattern with an address may mean others than us.
        let surely = |word: &&str| !word.contains('@') && names(word);
        let (allowed, denied) = (self.words("allowusers"), self.words("denyusers"));
        if denied.iter().any(surely) {
            return Some((
                format!("DenyUsers {}", denied.join(" ")),
                format!("take {user} out of DenyUsers"),
            ));
        }
        let excluded = !allowed.is_empty() && !allowed.iter().any(names);
        excluded.then(|| (format!("AllowUsers {}", allowed.join(" ")), format!("add {user} to AllowUsers")))
    }

    fn methods(&self) -> Closed {
        let methods = self.words("authenticationmethods");
        if methods.is_empty() || methods.iter().any(|list| ["any", "publickey"].contains(list)) {
            return None;
        }
        let remedy =
            format!("`Match User {}` with `AuthenticationMethods publickey`", self.desired.login_user);
        Some((format!("AuthenticationMethods {}", methods.join(" ")), remedy))
    }

    fn command(&self) -> Closed {
        let command = self.words("forcecommand");
        if command.is_empty() || command == ["none"] {
            return None;
        }
        let remedy = format!("keep ForceCommand away from {} with a `Match` block", self.desired.login_user);
        Some((format!("ForceCommand {}", command.join(" ")), remedy))
    }
}

/// Without sshd at the next boot that would be the last login.
fn boot(facts: &Facts) -> Closed {
    let units = facts.units.known()?;
    let started = |name| units.get(name).is_some_and(|unit: &UnitState| unit.enabled);
    let known = units.get("ssh.service").is_some_and(|unit| unit.exists);
    let closed = known && !started("ssh.service") && !started("ssh.socket");
    closed.then(|| {
        (
            "sshd is not started at boot".to_owned(),
            "`systemctl unmask ssh && systemctl enable ssh`".to_owned(),
        )
    })
}

/// sshd's patterns: `*` is any text, `?` one letter.
fn matches(pattern: &str, name: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => name.is_empty(),
        Some('*') => name
            .char_indices()
            .map(|(at, _)| at)
            .chain([name.len()])
            .any(|at| matches(letters.as_str(), &name[at..])),
        Some(letter) => {
            let mut rest = name.chars();
            rest.next().is_some_and(|found| letter == '?' || letter == found)
                && matches(letters.as_str(), rest.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture;

    #[test]
    fn a_key_that_comes_too_late_is_told() {
        let hardened = |tries| Desired { hardening: fixture::hardening(tries), ..fixture::desired() };
        let mut left_out = hardened(1);
        left_out.hardening.skipped.insert("sshd.attempts".to_owned(), "not yet".to_owned());
        let told = |shown, desired: &Desired, most: &str| {
            let found = [("maxauthtries".to_owned(), vec![most.to_owned()])].into();
            late_key(shown, desired, &Fact::Known(found)).map(|finding| finding.to_string())
        };
        for (shown, desired, most) in [(3, &hardened(3), "1"), (1, &hardened(1), "6"), (3, &left_out, "3")] {
            assert_eq!(told(shown, desired, most), None, "{shown} {most}");
        }
        let line = told(3, &hardened(2), "6").unwrap();
        insta::assert_snapshot!(line, @"failure next-login: found the accepted key is number 3 of those offered, and sshd hangs up after 2 attempts (MaxAuthTries), needed a configuration that allows the next login; put this key first in `ssh.identities`; of a key that only the ssh-agent has, name the public key file");
        // Somebody wrote it, and sshd has not read it yet.
        assert!(told(2, &left_out, "1").is_some());
    }

    #[test]
    fn patterns_are_those_of_sshd() {
        for (pattern, name, expected) in [
            ("root", "root", true),
            ("roo", "root", false),
            ("*", "root", true),
            ("r??t", "root", true),
            ("ad*", "root", false),
            ("*t", "root", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern}");
        }
    }
}
