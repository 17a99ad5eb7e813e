//! Packets for this host itself.

use std::collections::HashSet;

use ::nftables::{
    expr::{Expression, Fib, FibFlag, FibResult, NamedExpression},
    stmt::Statement,
};

use crate::change::nftables::phrase::{equal, text};

/// A packet for an address of this host.
pub(super) fn local() -> Statement<'static> {
    let kind = Fib { result: FibResult::Type, flags: HashSet::from([FibFlag::Daddr]) };
    equal(Expression::Named(NamedExpression::Fib(kind)), text("local"))
}
