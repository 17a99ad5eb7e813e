//! A connection whose first packet was lost on its way into a container is decided anew when the client repeats it.
//!
//! The kernel binds a connection to a container with its first packet. Where that is lost behind the redirection, the
//! half-open entry lives for two minutes, every repetition prolongs it, and each goes to the old container, whatever the
//! map says by then. A client repeats after 1, 3 and 7 s (RFC 6298), so an entry that lives for one second is gone by
//! then. It is half open only while this host waits for its own container, which takes microseconds: nobody is cut off.

use std::fmt::Write as _;

use ::nftables::{
    expr::{Expression, MetaKey},
    stmt::Statement,
    types::{NfChainPolicy, NfChainType, NfHook},
};
use ipnet::Ipv4Net;

use super::local::local;
use crate::{
    change::nftables::{
        Table,
        phrase::{equal, field, meta, opens, prefix, text},
    },
    facts::conntrack::Timeouts,
};

/// After connections are looked up, at -200, and before they are redirected.
const PRIORITY: i32 = -150;

/// The family of a connection, its timeout, and its protocol as a timeout names it.
const FAMILIES: [(&str, &str, &str); 2] = [("ipv4", "brief4", "ip"), ("ipv6", "brief6", "ip6")];

/// The timeouts and the chains that give them to connections, as text to be loaded. nft 1.0.6 wants a line for each part
/// of a timeout. Nothing, where the kernel cannot do it.
pub fn lines(own: Ipv4Net, timeouts: Timeouts) -> String {
    let mut lines = String::new();
    match timeouts {
        Timeouts::Fixed => return lines,
        Timeouts::Settable => {}
    }
    for (_, name, protocol) in FAMILIES {
        let object = format!(
            "\tct timeout {name} {{
		protocol tcp
		l3proto {protocol}
		policy = {{ syn_sent : 1 }}
	}}\n"
        );
        lines.push_str(&object);
    }
    let dialled = FAMILIES.map(|(family, name, _)| {
        format!(
            "\t\tmeta nfproto {family} fib daddr type local meta l4proto tcp ct state new ct timeout set \"{name}\"\n"
        )
    });
    let inside = format!("\t\tip daddr {own} meta l4proto tcp ct state new ct timeout set \"brief4\"\n");
    for (chain, hook, inside) in [("brief", "prerouting", inside.as_str()), ("brief_own", "output", "")] {
        let rules = dialled.concat();
        writeln!(
            lines,
            "\tchain {chain} {{
		type filter hook {hook} priority {PRIORITY}; policy accept;
{rules}{inside}\t}}"
        )
        .unwrap_or_default();
    }
    lines
}

/// The same as it is listed.
pub fn list(table: &mut Table, own: Ipv4Net, timeouts: Timeouts) {
    match timeouts {
        Timeouts::Fixed => return,
        Timeouts::Settable => {}
    }
    for (_, name, protocol) in FAMILIES {
        table.timeout(name, protocol, "syn_sent", 1);
    }
    for (chain, hook) in [("brief", NfHook::Prerouting), ("brief_own", NfHook::Output)] {
        table.base_chain(chain, (NfChainType::Filter, hook), PRIORITY, NfChainPolicy::Accept);
        for (family, name, _) in FAMILIES {
            let of_family = equal(meta(MetaKey::Nfproto), text(family));
            table.rule(chain, None, [vec![of_family, local()], shortened(name).into()].concat());
        }
    }
    let inside = equal(field("ip", "daddr"), prefix(own.network(), own.prefix_len()));
    table.rule("brief", None, [vec![inside], shortened("brief4").into()].concat());
}

fn shortened(name: &'static str) -> [Statement<'static>; 3] {
    let tcp = equal(meta(MetaKey::L4proto), text("tcp"));
    [tcp, opens(), Statement::CTTimeout(Expression::String(name.into()))]
}
