//! A connection whose first packet was lost on its way into a container is decided anew when the client repeats it.
//!
//! The kernel binds a connection to a container with its first packet. Where that is lost behind the redirection, the
//! half-open entry lives for two minutes, every repetition prolongs it, and each goes to the old container, whatever the
//! map says by then. A client repeats after 1, 3 and 7 s (RFC 6298), so an entry that lives for one second is gone by
//! then. It is half open only while this host waits for its own container, which takes microseconds: nobody is cut off.

use ::nftables::{
    stmt::NATFamily,
    types::{NfChainType, NfHook},
};
use ipnet::Ipv4Net;

use crate::{
    change::nftables::{
        clause::{Against, Clause},
        description::{Chain, Rule, Timeout},
    },
    facts::conntrack::Timeouts,
};

/// After connections are looked up, at -200, and before they are redirected.
const PRIORITY: i32 = -150;

/// The family of a connection, its timeout, and its protocol as a timeout names it.
const FAMILIES: [(NATFamily, &str, &str); 2] =
    [(NATFamily::IP, "brief4", "ip"), (NATFamily::IP6, "brief6", "ip6")];

/// The timeouts. None, where the kernel cannot do it.
pub fn timeouts(timeouts: Timeouts) -> Vec<Timeout> {
    match timeouts {
        Timeouts::Fixed => Vec::new(),
        Timeouts::Settable => FAMILIES.map(|(_, name, protocol)| Timeout { name, protocol }).into(),
    }
}

/// The chains that give them to connections; `own` is where the services' own addresses are.
pub fn chains(own: Ipv4Net, timeouts: Timeouts) -> Vec<Chain> {
    match timeouts {
        Timeouts::Fixed => return Vec::new(),
        Timeouts::Settable => {}
    }
    let dialled = || FAMILIES.map(|(family, name, _)| brief([Clause::Family(family), Clause::Local], name));
    let inside = brief([Clause::Is(("ip", "daddr"), Against::Network(own.into()))], "brief4");
    let chain =
        |name, hook, rules| Chain { name, kind: NfChainType::Filter, hook, priority: PRIORITY, rules };
    vec![
        chain("brief", NfHook::Prerouting, dialled().into_iter().chain([inside]).collect()),
        chain("brief_own", NfHook::Output, dialled().into()),
    ]
}

fn brief(conditions: impl IntoIterator<Item = Clause>, timeout: &'static str) -> Rule {
    let clauses = [Clause::Tcp, Clause::New, Clause::Timeout(timeout)];
    Rule { clauses: conditions.into_iter().chain(clauses).collect(), comment: None }
}
