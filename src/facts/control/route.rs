//! Whether the host lives by what IPv6 routers announce.

use crate::{
    facts::{Fact, Probe},
    model::command::Output,
};

/// The default route of IPv6, and all routes and addresses that are announced or leased; absent where there is none, or no
/// `ip`.
pub struct Route6;

/// Where a host's way over IPv6 comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteOrigin {
    /// A router announces it, or an address; a host that does not listen to announcements loses it, maybe hours later.
    Announced,
    /// Somebody wrote it down.
    Configured,
}

impl Probe for Route6 {
    type Value = RouteOrigin;

    fn question(&self) -> String {
        "command -v ip >/dev/null || exit 44
ip -6 route show default 2>/dev/null || exit 44
ip -6 route show proto ra
ip -6 -o address show scope global dynamic"
            .to_owned()
    }

    fn read(&self, output: &Output) -> Fact<RouteOrigin> {
        let announced = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.contains(&"dynamic") || words.windows(2).any(|pair| pair == ["proto", "ra"])
        };
        match Fact::read(output, |text| Ok(text.to_owned())) {
            Fact::Known(text) if text.trim().is_empty() => Fact::Absent,
            Fact::Known(text) if text.lines().any(announced) => Fact::Known(RouteOrigin::Announced),
            Fact::Known(_) => Fact::Known(RouteOrigin::Configured),
            Fact::Absent => Fact::Absent,
            Fact::Unreadable(why) => Fact::Unreadable(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::command::Exit;

    #[test]
    fn an_address_that_is_announced_counts_beside_a_route_that_is_not() {
        let origin = |text: &str| {
            Route6.read(&Output { exit: Exit::Code(0), stdout: text.into(), stderr: String::new() })
        };
        let route = "default via fe80::1 dev eth0 proto static metric 1024 pref medium\n";
        assert_eq!(origin(route), Fact::Known(RouteOrigin::Configured));
        let address =
            "2: eth0    inet6 2001:db8::5/64 scope global dynamic mngtmpaddr \\       valid_lft 86388sec\n";
        assert_eq!(origin(&format!("{route}{address}")), Fact::Known(RouteOrigin::Announced));
        assert_eq!(origin("fd00::/64 dev eth0 proto ra metric 100\n"), Fact::Known(RouteOrigin::Announced));
        assert_eq!(origin(""), Fact::Absent);
    }
}
