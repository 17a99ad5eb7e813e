//! Where the IPv6 default route comes from.

use crate::{
    facts::{Fact, Probe},
    model::command::Output,
};

/// `ip -6 route show default`; absent where there is none, or no `ip`.
pub struct Route6;

/// An IPv6 default route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteOrigin {
    /// A router announces it; a host that does not listen to announcements loses it.
    Announced,
    /// Somebody wrote it down.
    Configured,
}

impl Probe for Route6 {
    type Value = RouteOrigin;

    fn question(&self) -> String {
        "command -v ip >/dev/null || exit 44\nip -6 route show default 2>/dev/null || exit 44".to_owned()
    }

    fn read(&self, output: &Output) -> Fact<RouteOrigin> {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let announced = |line: &str| words(line).windows(2).any(|pair| pair[0] == "proto" && pair[1] == "ra");
        match Fact::read(output, |text| Ok(text.to_owned())) {
            Fact::Known(text) if text.trim().is_empty() => Fact::Absent,
            Fact::Known(text) if text.lines().any(announced) => Fact::Known(RouteOrigin::Announced),
            Fact::Known(_) => Fact::Known(RouteOrigin::Configured),
            Fact::Absent => Fact::Absent,
            Fact::Unreadable(why) => Fact::Unreadable(why),
        }
    }
}
