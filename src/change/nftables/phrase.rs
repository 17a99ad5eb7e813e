//! The words rules are made of: what is looked at, what it is compared with, what then happens.

use std::{borrow::Cow, collections::BTreeSet};

use ::nftables::{
    expr::{CT, CTDir, Expression, Meta, MetaKey, NamedExpression, Payload, PayloadField, Prefix, SetItem},
    stmt::{JumpTarget, Match, Operator, Statement, VerdictMap},
};
use ipnet::IpNet;

/// A word: an address, a name, or a set as `@name`.
pub fn text(word: impl Into<Cow<'static, str>>) -> Expression<'static> {
    Expression::String(word.into())
}

/// A port.
pub fn number(port: u16) -> Expression<'static> {
    Expression::Number(port.into())
}

/// A port, or an anonymous set of several.
pub fn one_of(ports: &BTreeSet<u16>) -> Expression<'static> {
    let mut ports = ports.iter().copied().map(number);
    match (ports.next(), ports.len()) {
        (Some(only), 0) => only,
        (first, _) => {
            let items = first.into_iter().chain(ports).map(SetItem::Element);
            Expression::Named(NamedExpression::Set(items.collect()))
        }
    }
}

/// A network, as nft writes it.
pub fn prefix(address: impl ToString, len: u8) -> Expression<'static> {
    let addr = Box::new(text(address.to_string()));
    Expression::Named(NamedExpression::Prefix(Prefix { addr, len: len.into() }))
}

/// A network as an element; nft lists a network of one address as that address.
pub fn element(network: IpNet) -> Expression<'static> {
    if network.prefix_len() == network.max_prefix_len() {
        text(network.addr().to_string())
    } else {
        prefix(network.network(), network.prefix_len())
    }
}

/// An anonymous set.
pub fn any_of(values: &[&'static str]) -> Expression<'static> {
    let items = values.iter().map(|value| SetItem::Element(text(*value)));
    Expression::Named(NamedExpression::Set(items.collect()))
}

/// Values side by side, as one key or one value of a map.
pub fn joined(parts: impl Into<Vec<Expression<'static>>>) -> Expression<'static> {
    Expression::Named(NamedExpression::Concat(parts.into()))
}

/// A field of a packet.
pub fn field(protocol: &'static str, field: &'static str) -> Expression<'static> {
    let field = PayloadField { protocol: protocol.into(), field: field.into() };
    Expression::Named(NamedExpression::Payload(Payload::PayloadField(field)))
}

/// What the kernel knows about a packet.
pub fn meta(key: MetaKey) -> Expression<'static> {
    Expression::Named(NamedExpression::Meta(Meta { key }))
}

/// What the kernel knows about a packet's connection.
pub fn connection(key: &'static str) -> Expression<'static> {
    Expression::Named(NamedExpression::CT(CT { key: key.into(), family: None, dir: None }))
}

/// The port as the client dialled it, before any redirection.
pub fn dialled_port() -> Expression<'static> {
    let dir = Some(CTDir::Original);
    Expression::Named(NamedExpression::CT(CT { key: "proto-dst".into(), family: None, dir }))
}

/// `left == right`.
pub fn equal(left: Expression<'static>, right: Expression<'static>) -> Statement<'static> {
    Statement::Match(Match { left, right, op: Operator::EQ })
}

/// `left != right`.
pub fn unequal(left: Expression<'static>, right: Expression<'static>) -> Statement<'static> {
    Statement::Match(Match { left, right, op: Operator::NEQ })
}

/// The connection was redirected by a `dnat`.
pub fn redirected() -> Statement<'static> {
    Statement::Match(Match { left: connection("status"), right: text("dnat"), op: Operator::IN })
}

/// The packet opens a connection.
pub fn opens() -> Statement<'static> {
    Statement::Match(Match { left: connection("state"), right: text("new"), op: Operator::IN })
}

/// What happens for each value of a key; nothing for others.
pub fn verdicts<const N: usize>(
    key: Expression<'static>,
    of: [(&'static str, Statement<'static>); N],
) -> Statement<'static> {
    // As a statement: the crate writes a verdict as text, which nft does not take.
    let pairs = of.map(|(value, verdict)| SetItem::MappingStatement(text(value), verdict));
    let data = Expression::Named(NamedExpression::Set(pairs.into()));
    Statement::VerdictMap(VerdictMap { key, data })
}

/// Lets it pass.
pub fn accept() -> Statement<'static> {
    Statement::Accept(None)
}

/// Throws it away without an answer.
pub fn drop() -> Statement<'static> {
    Statement::Drop(None)
}

/// Goes on in another chain, and comes back at its end.
pub fn jump(chain: &'static str) -> Statement<'static> {
    Statement::Jump(JumpTarget { target: chain.into() })
}
