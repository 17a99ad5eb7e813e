//! The image registry.

use super::word::is_domain;
use crate::model::{inventory::Inventory, problem::Problem};

pub fn check(inventory: &Inventory) -> Vec<Problem> {
    let Some(registry) = &inventory.registry else { return Vec::new() };
    let mut problems = Vec::new();
    if !is_address(&registry.address) {
        let problem = Problem::error(
            "registry.address",
            format!("`{}` is not the address of a registry", registry.address),
        );
        let hint =
            "write its name and port as in registry.example.org:5000, without `https://` and without a path";
        problems.push(problem.hint(hint).at(inventory.place(&["registry", "address"])));
    }
    let halves = [("username", registry.username.is_some()), ("password", registry.password.is_some())];
    if let [(there, true), (missing, false)] | [(missing, false), (there, true)] = halves {
        let problem =
            Problem::error("registry.credentials", format!("the registry has a {there} and no {missing}"));
        let hint = format!("add the {missing}, or leave out both if the registry needs no login");
        problems.push(problem.hint(hint).at(inventory.place(&["registry", there])));
    }
    problems
}

/// A name or an IPv4 address, with or without a port; Docker takes nothing else in front of an image.
fn is_address(text: &str) -> bool {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    // Without a dot and a port Docker would take `registry/image` for a user of the public registry.
    let named =
        is_domain(name) || name == "localhost" || (text.contains(':') && is_domain(&format!("{name}.x")));
    port && named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_name_and_a_port() {
        for good in [
            "registry.example.org",
            "registry.example.org:5000",
            "registry:5000",
            "192.0.2.5:5000",
            "localhost",
        ] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "https://registry.example.org",
            "registry.example.org/pryv",
            "registry",
            "r.example:0",
            "r.example:x",
            "",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
