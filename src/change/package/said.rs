//! What apt says that it would do.

use std::collections::BTreeSet;

/// What `apt-get -s` would do to a package.
#[derive(Debug, PartialEq, Eq)]
struct Deed<'a> {
    kind: DeedKind,
    name: &'a str,
}

/// What happens to a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeedKind {
    /// It comes to the host.
    Comes,
    /// It is there, and another version comes.
    Changes,
    /// It goes, with or without its configuration.
    Goes,
}

/// Reads `Inst NAME (NEW ...)`, `Inst NAME [OLD] (NEW ...)`, `Purg NAME [OLD]` and `Remv NAME [OLD]`; a package of which only
/// the configuration is left has no old version. Everything else that apt prints is for people.
fn deeds(said: &str) -> impl Iterator<Item = Deed<'_>> {
    said.lines().filter_map(|line| {
        let (verb, rest) = line.split_once(' ')?;
        let (name, old) = rest.split_once(' ').unwrap_or((rest, ""));
        let kind = match verb {
            "Inst" if old.starts_with('[') => DeedKind::Changes,
            "Inst" => DeedKind::Comes,
            "Purg" | "Remv" => DeedKind::Goes,
            _ => return None,
        };
        Some(Deed { kind, name })
    })
}

/// The packages of one kind.
pub fn named(said: &str, kind: DeedKind) -> BTreeSet<&str> {
    deeds(said).filter(|deed| deed.kind == kind).map(|deed| deed.name).collect()
}

/// Names as words of a script, in the order of the alphabet as `sort` knows it where `LC_ALL` is `C`.
pub fn words(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_apt_would_do_is_told_from_what_it_tells_people() {
        let said = "Reading package lists...\nThe following packages will be REMOVED:\n  Inst x (y)\n\
                    Inst auditd (1:3.0.9-1 Debian:12/stable [amd64])\n\
                    Inst libaudit1 [1:3.0.8] (1:3.0.9 Debian:12/stable [amd64])\n\
                    Remv chrony [4.3-2]\nPurg ntp\nConf auditd (1:3.0.9-1 Debian:12/stable [amd64])\n";
        let [comes, changes, goes] = [DeedKind::Comes, DeedKind::Changes, DeedKind::Goes];
        assert_eq!(named(said, comes), ["auditd"].into());
        assert_eq!(named(said, changes), ["libaudit1"].into());
        assert_eq!(named(said, goes), ["chrony", "ntp"].into());
    }
}
