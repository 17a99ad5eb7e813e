//! The commands we need, and whether what is missing can be installed.

use super::judge::judge;
use crate::{
    facts::{Fact, Facts, docker::Docker, packages::Packages},
    model::place,
    plan::finding::Finding,
};

pub(super) fn commands(facts: &Facts) -> Finding {
    let needed = format!("{}, {}", place::COMMANDS.map(|(command, _)| command).join(", "), place::PERL);
    judge("commands", &needed, &facts.commands, "see whether `command -v nft` answers on the host", |found| {
        if !found.contains(place::PERL) {
            let remedy = "`apt-get install perl-base` on the host: pryvctl reads files and sockets of a host with perl";
            return Finding::ok("commands", "no perl", &needed).failure(remedy);
        }
        let missing = place::COMMANDS.iter().filter(|(command, _)| !found.contains(*command));
        let (commands, packages): (Vec<&str>, Vec<&str>) = missing.copied().unzip();
        if commands.is_empty() {
            return Finding::ok("commands", &needed, &needed);
        }
        let remedy = format!("`pryvctl install` and `harden` install {}", packages.join(" and "));
        Finding::ok("commands", format!("no {}", commands.join(", no ")), &needed).warning(remedy)
    })
}

/// Whether the host has no perl, without which most of it cannot be read.
pub(super) fn lacks_perl(facts: &Facts) -> bool {
    facts.commands.known().is_some_and(|found| !found.contains(place::PERL))
}

/// Matters only where something has to be installed.
pub(super) fn packages(facts: &Facts) -> Finding {
    let needed = "apt with package sources and no unfinished installation";
    let complete = matches!(facts.docker, Fact::Known(Docker::Running { .. }))
        && facts
            .commands
            .known()
            .is_some_and(|found| place::COMMANDS.iter().all(|(name, _)| found.contains(*name)));
    if complete {
        return Finding::ok("packages", "nothing to install", needed);
    }
    let remedy = "install docker.io, nftables and curl by hand";
    judge("packages", needed, &facts.packages, remedy, |packages| {
        let Packages { busy, interrupted, sources } = packages;
        if *interrupted {
            Finding::ok("packages", "an installation was interrupted", needed)
                .warning("`dpkg --configure -a` finishes it; `install` does so before anything else")
        } else if !sources {
            Finding::ok("packages", "no package sources", needed)
                .failure("name the distribution's archive in /etc/apt/sources.list, then `apt-get update`")
        } else if !busy.is_empty() {
            Finding::ok("packages", format!("apt is in use by {}", busy.join(", ")), needed)
                .warning("`install` waits until it is done")
        } else {
            Finding::ok("packages", "apt is ready", needed)
        }
    })
}

/// A host without `nft` has no tables of ours; the missing command is a finding of its own.
pub(super) fn firewall(facts: &Facts) -> Finding {
    let needed = "nftables in the kernel";
    match &facts.tables {
        Fact::Known(tables) if tables.is_empty() => {
            Finding::ok("nftables", "usable, no table of ours", needed)
        }
        Fact::Known(tables) => {
            let names: Vec<&str> = tables.keys().map(String::as_str).collect();
            Finding::ok("nftables", format!("table {}", names.join(", table ")), needed)
        }
        Fact::Absent => Finding::ok("nftables", "not known until nft is installed", needed),
        Fact::Unreadable(why) => Finding::ok("nftables", format!("unreadable: {why}"), needed)
            .failure("`nft list tables` must work as root: see whether `modprobe nf_tables` does"),
    }
}
