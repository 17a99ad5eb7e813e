//! Packages are purged.

use std::collections::BTreeSet;

use super::{
    next::{APT, Next, Refusal},
    said::{DeedKind, named, words},
};
use crate::{
    change::original::forget_function,
    model::{
        command::{Command, filled, quote},
        place::ORIGINALS,
        write::{CHANGED, CHANGED_SAYS},
    },
};

/// Packages that came with controls and go again, unless something else needs them by now. A file that goes with its package
/// is not put back by a later run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagePurge {
    /// Their names.
    pub names: Vec<String>,
    /// Packages that stay, with all that they need.
    pub kept: Vec<String>,
}

impl PackagePurge {
    /// Asks what is there, then what the kept ones need; then what would go, and what those need that nobody wants to go: so
    /// long until only what may go would go.
    pub(super) fn next(&self, answers: &[String]) -> Result<Next, Refusal> {
        let Some((said, mut answers)) = answers.split_first() else {
            return Ok(ask(&installed(self.names.iter().chain(&self.kept))));
        };
        let there = there(said);
        let mut going: BTreeSet<&str> =
            self.names.iter().map(String::as_str).filter(|name| there.contains(name)).collect();
        let kept: BTreeSet<&str> =
            self.kept.iter().map(String::as_str).filter(|name| there.contains(name)).collect();
        if !kept.is_empty() {
            let Some((said, rest)) = answers.split_first() else { return Ok(ask(&needs(&kept))) };
            let needed = needed(said);
            going.retain(|name| !needed.contains(name));
            answers = rest;
        }
        let mut answers = answers.iter();
        while !going.is_empty() {
            let Some(said) = answers.next() else { return Ok(ask(&would_go(&going))) };
            let would_go = named(said, DeedKind::Goes);
            let others: BTreeSet<&str> = would_go.difference(&going).copied().collect();
            if would_go.is_empty() {
                return Ok(Next::Nothing);
            }
            if others.is_empty() {
                return Ok(Next::Do(purge(&would_go)));
            }
            let Some(said) = answers.next() else { return Ok(ask(&needs(&others))) };
            let (needed, before) = (needed(said), going.len());
            going.retain(|name| !needed.contains(name));
            if going.len() == before {
                return Err(Refusal {
                    why: format!("{} cannot be removed: {} would go, too", words(&going), words(&others)),
                    hint: "remove them with apt on the host, then run again",
                });
            }
        }
        Ok(Next::Nothing)
    }

    #[cfg(test)]
    pub(in crate::change) fn apply(&self, state: &mut crate::facts::state::HostState) {
        for name in &self.names {
            state.hardening.installed.get_or_insert_default().remove(name);
            state.hardening.originals.packages.remove(name);
        }
    }
}

fn ask(question: &str) -> Next {
    Next::Ask(Command::root(format!("export LC_ALL=C\n{question}")).within(APT))
}

/// Which of them dpkg knows is said, and with a name that it does not know it ends badly.
fn installed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    format!("dpkg-query -W -f '${{db:Status-Status}} ${{Package}}\\n' {} 2>/dev/null || :", names.join(" "))
}

/// Those of which there is anything, if only their configuration.
fn there(said: &str) -> BTreeSet<&str> {
    let status = said.lines().filter_map(|line| line.split_once(' '));
    status.filter(|(status, _)| *status != "not-installed").map(|(_, name)| name).collect()
}

fn would_go(names: &BTreeSet<&str>) -> String {
    format!("apt-get -s purge {}", words(names))
}

fn needs(names: &BTreeSet<&str>) -> String {
    format!("apt-cache --installed --recurse --important depends {}", words(names))
}

/// The packages of a tree of dependencies, each at the beginning of a line; `<NAME>` is a name without a package.
fn needed(said: &str) -> BTreeSet<&str> {
    said.lines().filter(|line| !line.starts_with([' ', '<'])).collect()
}

fn purge(names: &BTreeSet<&str>) -> Command {
    let forget = forget_function();
    let places = [("@ORIGINALS@", ORIGINALS), ("@FORGET@", forget.as_str()), ("@SAYS@", CHANGED_SAYS)];
    let script = filled(include_str!("purge.sh"), places);
    Command::root(format!("going={} changed={CHANGED}\n{script}", quote(&words(names)))).within(APT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked and done on a host that answers so.
    fn talk(kept: &[&str], answers: &[&str]) -> Result<Next, Refusal> {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let purge = PackagePurge { names: own(&["aide", "auditd", "libauparse0", "mawk"]), kept: own(kept) };
        purge.next(&answers.iter().map(|answer| (*answer).to_owned()).collect::<Vec<_>>())
    }

    fn is_asked(next: Result<Next, Refusal>) -> String {
        let Ok(Next::Ask(command)) = next else { panic!("nothing is asked: {next:?}") };
        command.script.strip_prefix("export LC_ALL=C\n").unwrap().to_owned()
    }

    fn goes(next: Result<Next, Refusal>) -> String {
        let Ok(Next::Do(command)) = next else { panic!("nothing is done: {next:?}") };
        let going = command.script.strip_prefix("going='").and_then(|script| script.split_once('\''));
        going.expect("it says what goes").0.to_owned()
    }

    const THERE: &str = "config-files aide\ninstalled auditd\ninstalled libauparse0\nnot-installed mawk\n";
    const ALL: &str =
        "Reading package lists...\nPurg aide\nPurg auditd [1:3.0.9]\nPurg libauparse0 [1:3.0.9]\n";

    #[test]
    fn what_is_there_goes_where_nobody_needs_it() {
        assert!(is_asked(talk(&[], &[])).contains(" aide auditd libauparse0 mawk "));
        assert_eq!(is_asked(talk(&[], &[THERE])), "apt-get -s purge aide auditd libauparse0");
        assert_eq!(goes(talk(&[], &[THERE, ALL])), "aide auditd libauparse0");
    }

    #[test]
    fn what_kept_packages_need_stays() {
        let there = format!("{THERE}installed plugins\n");
        let depends = "apt-cache --installed --recurse --important depends ";
        assert_eq!(is_asked(talk(&["plugins", "never"], &[&there])), format!("{depends}plugins"));
        let tree =
            "plugins\n  Depends: auditd\n |Depends: aide\nauditd\n  Depends: <mta>\n<mta>\nlibauparse0\n";
        assert_eq!(is_asked(talk(&["plugins"], &[&there, tree])), "apt-get -s purge aide");
        assert_eq!(goes(talk(&["plugins"], &[&there, tree, "Purg aide\n"])), "aide");
    }

    #[test]
    fn what_packages_of_others_need_stays_and_is_looked_at_again() {
        let more = format!("{ALL}Purg laurel [0.5]\nRemv theirs [1]\n");
        let depends = "apt-cache --installed --recurse --important depends ";
        assert_eq!(is_asked(talk(&[], &[THERE, &more])), format!("{depends}laurel theirs"));
        let tree = "laurel\n  Depends: auditd\nauditd\ntheirs\n";
        assert_eq!(is_asked(talk(&[], &[THERE, &more, tree])), "apt-get -s purge aide libauparse0");
        // Only apt knows what else hangs on what is left.
        let again = "Purg aide\nPurg auditd [1]\nPurg libauparse0 [1]\n";
        assert_eq!(is_asked(talk(&[], &[THERE, &more, tree, again])), format!("{depends}auditd"));
        let tree_of_it = "auditd\n  Depends: libauparse0\nlibauparse0\n";
        let answers = [THERE, &more, tree, again, tree_of_it];
        assert_eq!(is_asked(talk(&[], &answers)), "apt-get -s purge aide");
    }

    #[test]
    fn nothing_goes_where_nothing_may() {
        assert_eq!(talk(&[], &["not-installed mawk\n"]), Ok(Next::Nothing));
        let tree = "theirs\naide\nauditd\nlibauparse0\n";
        assert_eq!(talk(&[], &[THERE, &format!("{ALL}Purg theirs [1]\n"), tree]), Ok(Next::Nothing));
    }

    /// Purged all the same, packages that nobody asked about would be lost with them.
    #[test]
    fn what_would_take_others_along_for_no_reason_that_is_seen_is_refused() {
        let refusal = talk(&[], &[THERE, &format!("{ALL}Purg theirs [1]\n"), "theirs\n"]).unwrap_err();
        assert_eq!(refusal.why, "aide auditd libauparse0 cannot be removed: theirs would go, too");
    }
}
