//! Which audit rules the kernel has.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    facts::{Fact, Probe},
    model::{
        command::{Output, quote},
        control::Kind,
        desired::Desired,
    },
};

/// A rule's key, and the path it watches.
pub type Watch = (String, PathBuf);

/// What is loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Loaded {
    /// The keys of all rules.
    pub keys: BTreeSet<String>,
    /// What is to be watched and is not, although its folder is there.
    pub unwatched: BTreeSet<Watch>,
}

/// The loaded rules, and these watches among them; absent where there is no `auditctl`, or where the kernel's audit is
/// not ours to ask, as in a container. The kernel watches no path whose folder is not there.
pub struct AuditRules(pub BTreeSet<Watch>);

impl AuditRules {
    /// With what all controls watch.
    pub fn of(desired: &Desired) -> Self {
        let rules = desired.hardening.known.iter().filter_map(|control| {
            let Kind::Audit(rules) = &control.kind else { return None };
            Some(rules)
        });
        Self(rules.flatten().filter_map(|rule| watch(rule)).collect())
    }
}

impl Probe for AuditRules {
    type Value = Loaded;

    fn question(&self) -> String {
        let paths: BTreeSet<&Path> = self.0.iter().map(|(_, path)| path.as_path()).collect();
        let look = |path: &Path| {
            let folder = path.parent().unwrap_or(path).display().to_string();
            format!(
                "[ ! -d {} ] || echo {}\n",
                quote(&folder),
                quote(&format!("{WATCHABLE}{}", path.display()))
            )
        };
        let looks: String = paths.into_iter().map(look).collect();
        format!("command -v auditctl >/dev/null || exit 44\nauditctl -l 2>/dev/null || exit 44\n{looks}")
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let loaded: BTreeSet<Watch> = text.lines().filter_map(watch).collect();
            let watchable: BTreeSet<&Path> =
                text.lines().filter_map(|line| line.strip_prefix(WATCHABLE)).map(Path::new).collect();
            let missing = self.0.difference(&loaded).filter(|(_, path)| watchable.contains(path.as_path()));
            let keys = text.lines().filter_map(key).map(str::to_owned);
            Ok(Loaded { keys: keys.collect(), unwatched: missing.cloned().collect() })
        })
    }
}

/// How a line begins that names a path whose folder is there.
const WATCHABLE: &str = "watchable ";

/// What a rule watches: `-w PATH`, or `-F path=PATH` or `-F dir=PATH`.
pub fn watch(rule: &str) -> Option<Watch> {
    let words: Vec<&str> = rule.split_whitespace().collect();
    let short = words.windows(2).find(|pair| pair[0] == "-w").map(|pair| pair[1]);
    let field = || words.iter().find_map(|word| word.strip_prefix("path=").or(word.strip_prefix("dir=")));
    Some((key(rule)?.to_owned(), short.or_else(field)?.into()))
}

/// The key of a rule: `-k docker`, or `-F key=docker`.
pub fn key(rule: &str) -> Option<&str> {
    let words: Vec<&str> = rule.split_whitespace().collect();
    let short = words.windows(2).find(|pair| pair[0] == "-k").map(|pair| pair[1]);
    short.or_else(|| words.iter().find_map(|word| word.strip_prefix("key=")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_a_key_are_read() {
        assert_eq!(key("-w /usr/bin/dockerd -p rwxa -k docker"), Some("docker"));
        assert_eq!(key("-a always,exit -F arch=b64 -S adjtimex -F key=time"), Some("time"));
        assert_eq!(key("No rules"), None);
    }

    #[test]
    fn what_could_be_watched_and_is_not_is_told() {
        let probe = AuditRules(
            ["/etc/a", "/etc/b", "/run/c/d", "/run/e/f"].map(|path| ("k".to_owned(), path.into())).into(),
        );
        let text = "-w /etc/a -p wa -k k\n-a always,exit -S all -F path=/etc/b -F perm=x -F key=k\n\
            -w /run/c/d -p wa -k other\nwatchable /etc/a\nwatchable /etc/b\nwatchable /run/c/d\n";
        let said = Output { stdout: text.to_owned(), ..Output::default() };
        let found = Loaded {
            keys: ["k", "other"].map(str::to_owned).into(),
            unwatched: [("k".to_owned(), "/run/c/d".into())].into(),
        };
        assert_eq!(probe.read(&said), Fact::Known(found));
    }
}
