//! The kernel's table of connections.

use super::judge::judge;
use crate::{
    facts::{
        Fact, Facts,
        conntrack::{Conntrack, Timeouts},
    },
    plan::finding::Finding,
};

/// A table that is full drops every new connection, our own login too. Asked only where `nft` can ask.
pub(super) fn conntrack(facts: &Facts) -> Option<Finding> {
    if facts.conntrack == Fact::Absent {
        return None;
    }
    let needed = "at most 80 % of the connection table in use, and a kernel with CONFIG_NF_CONNTRACK_TIMEOUT";
    let remedy = "`nft list ruleset` and `cat /proc/sys/net/netfilter/nf_conntrack_count` must work as root";
    Some(judge("conntrack", needed, &facts.conntrack, remedy, |Conntrack { timeouts, held, most }| {
        let finding = Finding::ok("conntrack", format!("{held} of {most} connections"), needed);
        if *most > 0 && held.saturating_mul(5) > most.saturating_mul(4) {
            return finding.warning(format!(
                "raise the limit, as in `sysctl -w net.netfilter.nf_conntrack_max={}`, and find out who opens so many",
                most.saturating_mul(2)
            ));
        }
        match timeouts {
            Timeouts::Settable => finding,
            Timeouts::Fixed => Finding { found: "no configurable timeouts".to_owned(), ..finding }.warning(
                "use the distribution's kernel; with this one a connection whose first packet is lost while a \
                 container is replaced waits for the old container, and may end with it",
            ),
        }
    }))
}
