//! The single words of an inventory: numbers, addresses, networks, names.

use std::net::{IpAddr, SocketAddr};

use ipnet::{IpNet, Ipv4Net};
use serde_json::Value as Json;

use super::{
    mute::Until,
    outline::Value,
    wording::{part, wrong_kind},
};
use crate::model::{compose::parse_period, name::HostName, problem::Problem};

/// Whether a single word can be of one of these kinds at all.
pub fn fits(kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| ["string", "integer", "boolean", "number"].contains(kind))
}

/// Checks one word against its schema.
pub fn check(text: &str, value: &Value, schema: &Json, path: &[String]) -> Option<Problem> {
    match (schema["format"].as_str(), schema["type"].as_str()) {
        (Some("port"), _) => port(text, path),
        (Some("level"), _) => level(text, path),
        (Some("ip"), _) => address(text, path),
        (Some("socket"), _) => socket(text, path),
        (Some("network"), _) => network::<IpNet>(text, "192.0.2.0/24 or 2001:db8::/48", path),
        (Some("network4"), _) => network::<Ipv4Net>(text, "172.28.0.0/16", path),
        (Some("name"), _) => name(text),
        (Some("period"), _) => period(text, path),
        (Some("figure"), _) => figure(text, path),
        (Some("moment"), _) => moment(text, path),
        (_, Some("boolean")) if !matches!(value, Value::Bool(_)) => {
            Some(wrong_kind(value, &["boolean"], path))
        }
        (_, _) => None,
    }
}

/// Checks a name; names of all kinds follow one rule.
pub fn name(text: &str) -> Option<Problem> {
    let error = text.parse::<HostName>().err()?;
    Some(
        Problem::error("name.invalid", error.to_string())
            .hint("names become container names and DNS labels, as in `co1` or `register-follower`"),
    )
}

fn port(text: &str, path: &[String]) -> Option<Problem> {
    let fits = text.parse::<u16>().is_ok_and(|port| port > 0);
    let problem = || Problem::error("port.invalid", format!("{} cannot be `{text}`", part(path)));
    (!fits).then(|| problem().hint("a port is a whole number from 1 to 65535; sshd usually has 22"))
}

fn level(text: &str, path: &[String]) -> Option<Problem> {
    let problem = || Problem::error("level.invalid", format!("{} cannot be `{text}`", part(path)));
    (!["1", "2"].contains(&text)).then(|| problem().hint("write `level: 1` or `level: 2`"))
}

fn period(text: &str, path: &[String]) -> Option<Problem> {
    let problem = Problem::error("period.invalid", format!("{} cannot be `{text}`", part(path)));
    let fits = parse_period(text).is_ok();
    (!fits).then(|| problem.hint("write whole numbers with units, as in 90s, 15m or 1h30m"))
}

fn figure(text: &str, path: &[String]) -> Option<Problem> {
    let problem = Problem::error("figure.invalid", format!("{} cannot be `{text}`", part(path)));
    let fits = text.parse::<f64>().is_ok_and(f64::is_finite);
    (!fits).then(|| problem.hint("write a number, as in 10 or 0.05"))
}

fn moment(text: &str, path: &[String]) -> Option<Problem> {
    let problem = Problem::error("moment.invalid", format!("{} cannot be `{text}`", part(path)));
    let fits = Until::try_from(text.to_owned()).is_ok();
    (!fits).then(|| {
        problem
            .hint("write a day as in 2027-01-31, or a moment with its time zone as in 2027-01-31T18:00:00Z")
    })
}

fn address(text: &str, path: &[String]) -> Option<Problem> {
    let problem = |what: &str, hint: &str| {
        Problem::error("address.invalid", format!("{} cannot be `{text}`: {what}", part(path))).hint(hint)
    };
    match text.parse::<IpAddr>() {
        Ok(address) if address.is_unspecified() || address.is_multicast() => {
            Some(problem("no host has this address", "write the address the host answers at"))
        }
        Ok(_) => None,
        Err(_) if text.contains('/') => {
            Some(problem("this is a network", "leave out the `/` and what follows"))
        }
        Err(_) => Some(problem(
            "this is no IP address",
            "write an address as in 203.0.113.10 or 2001:db8::10, not a name",
        )),
    }
}

fn socket(text: &str, path: &[String]) -> Option<Problem> {
    let problem = || Problem::error("listen.invalid", format!("{} cannot be `{text}`", part(path)));
    let fits = text.parse::<SocketAddr>().is_ok_and(|at| at.port() > 0);
    (!fits).then(|| problem().hint("write an IP address and a port as in 127.0.0.1:9464 or [::1]:9464"))
}

fn network<N: std::str::FromStr + Into<IpNet>>(
    text: &str,
    example: &str,
    path: &[String],
) -> Option<Problem> {
    let rule = "network.invalid";
    let part = part(path);
    let Ok(network) = text.parse::<N>().map(Into::into) else {
        let what = if text.contains('/') { "this is no network" } else { "the prefix length is missing" };
        return Some(
            Problem::error(rule, format!("{part} cannot be `{text}`: {what}"))
                .hint(format!("write a network as in {example}; one address alone is /32 or /128")),
        );
    };
    // nft stores the network, so the bits after the prefix would come back as drift for ever.
    (network.addr() != network.network()).then(|| {
        Problem::error(
            rule,
            format!("{part} cannot be `{text}`: this is the address of one host with the size of a network"),
        )
        .hint(format!(
            "write `{}` for the whole network or `{}/{}` for the one address",
            network.trunc(),
            network.addr(),
            network.max_prefix_len()
        ))
    })
}
