//! What becomes of a packet in the chains of others, as far as their rules can be understood.

mod condition;
mod packet;

use serde_json::Value;

use crate::facts::filter::{Chain, Rule};
use condition::{Holds, holds};
pub use packet::Packet;

/// What others' chains do with a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// No chain of others drops it.
    Passes,
    /// This one surely does.
    Dropped(Place),
    /// This one may: not all of its conditions are understood.
    Unsure(Place),
}

/// Where a packet is dropped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Family and name of the table.
    pub table: String,
    /// The chain that the kernel calls, or one that it leads to.
    pub chain: String,
    /// The rule's handle; `None`: by the chain's policy.
    pub rule: Option<u64>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { table, chain, rule } = self;
        write!(f, "table {table}, chain {chain}, ")?;
        match rule {
            Some(handle) => write!(f, "the rule with handle {handle}"),
            None => f.write_str("policy drop"),
        }
    }
}

/// Chains that lead to one another at most so deep (NFT_JUMP_STACK_SIZE).
const DEPTH: usize = 16;

/// What becomes of a packet. A drop anywhere is a drop; so the surest one is told.
pub fn fate(chains: &[Chain], packet: Packet) -> Fate {
    let called = chains.iter().filter_map(|chain| Some((chain, chain.base.as_ref()?)));
    let called = called.filter(|(_, base)| base.hook == packet.hook);
    let mut unsure = None;
    for (chain, base) in called {
        let mut walk = Walk { chains, packet, may_pass: false, may_drop: None };
        let end = match walk.chain(chain, DEPTH) {
            End::Returned if base.drops && !is_dockers(chain) => {
                End::Dropped(Place { table: chain.table.clone(), chain: chain.name.clone(), rule: None })
            }
            end @ (End::Accepted | End::Dropped(_) | End::Returned) => end,
        };
        match end {
            End::Dropped(place) if !walk.may_pass => return Fate::Dropped(place),
            End::Dropped(place) => unsure = unsure.or(Some(place)),
            End::Accepted | End::Returned => unsure = unsure.or(walk.may_drop),
        }
    }
    unsure.map_or(Fate::Passes, Fate::Unsure)
}

/// Docker lets in what it publishes, also where it sets the policy to drop, and every firewall that writes by iptables
/// shares this chain with it.
fn is_dockers(chain: &Chain) -> bool {
    ["ip filter", "ip6 filter"].contains(&chain.table.as_str()) && chain.name == "FORWARD"
}

/// How a way through a chain ends.
enum End {
    Accepted,
    Dropped(Place),
    Returned,
}

struct Walk<'a> {
    chains: &'a [Chain],
    packet: Packet<'a>,
    /// A rule that is not understood may have let it pass.
    may_pass: bool,
    /// A rule that is not understood may have dropped it.
    may_drop: Option<Place>,
}

impl Walk<'_> {
    fn chain(&mut self, chain: &Chain, depth: usize) -> End {
        for rule in &chain.rules {
            if let Some(end) = self.rule(chain, rule, depth) {
                return end;
            }
        }
        End::Returned
    }

    /// The end at a rule, if there is one.
    fn rule(&mut self, chain: &Chain, rule: &Rule, depth: usize) -> Option<End> {
        let mut sure = true;
        for statement in &rule.statements {
            let (kind, body) = statement.as_object()?.iter().next()?;
            match kind.as_str() {
                "match" => match holds(body, &self.packet) {
                    Holds::Yes => {}
                    Holds::No => return None,
                    Holds::Maybe => sure = false,
                },
                // ufw drops what has a routing header of type 0: nobody opens a connection so.
                "xt" if body["type"] == "match" && body["name"] == "rt" => return None,
                "counter" | "log" | "comment" | "mangle" | "notrack" | "set" => {}
                "vmap" => match condition::chosen(body, &self.packet) {
                    Some(Some((kind, body))) => {
                        return self.verdict((chain, rule), (kind, body), sure, depth);
                    }
                    Some(None) => {}
                    None => {
                        self.may_pass = true;
                        sure = false;
                    }
                },
                "accept" | "drop" | "reject" | "return" | "jump" | "goto" => {
                    return self.verdict((chain, rule), (kind, body), sure, depth);
                }
                _ => sure = false,
            }
        }
        None
    }

    fn verdict(
        &mut self,
        (chain, rule): (&Chain, &Rule),
        (kind, body): (&str, &Value),
        sure: bool,
        depth: usize,
    ) -> Option<End> {
        let place = Place { table: chain.table.clone(), chain: chain.name.clone(), rule: Some(rule.handle) };
        let end = match kind {
            "accept" => End::Accepted,
            "drop" | "reject" => End::Dropped(place),
            "return" => End::Returned,
            _ => {
                let end = self.led_to(chain, body["target"].as_str().unwrap_or_default(), depth);
                match end {
                    End::Returned if kind == "jump" => return None,
                    end @ (End::Accepted | End::Dropped(_) | End::Returned) => end,
                }
            }
        };
        if sure {
            return Some(end);
        }
        match end {
            End::Accepted | End::Returned => self.may_pass = true,
            End::Dropped(place) => self.may_drop = self.may_drop.take().or(Some(place)),
        }
        None
    }

    /// Docker's own chains let in what it publishes; where the site has its say, in DOCKER-USER, it is heard.
    fn led_to(&mut self, from: &Chain, target: &str, depth: usize) -> End {
        if is_dockers(from) && target.starts_with("DOCKER") && target != "DOCKER-USER" {
            return End::Accepted;
        }
        let chains = self.chains;
        let found = chains.iter().find(|chain| chain.table == from.table && chain.name == target);
        match (found, depth.checked_sub(1)) {
            (Some(chain), Some(depth)) => self.chain(chain, depth),
            (None, _) | (_, None) => End::Returned,
        }
    }
}

#[cfg(test)]
mod tests;
