//! Single words: the domain, countries, labels, names of variables, data folders.

use std::collections::BTreeMap;

use crate::model::{inventory::Inventory, problem::Problem};

pub fn check(inventory: &Inventory) -> Vec<Problem> {
    let mut problems = Vec::new();
    let domain = &inventory.domain;
    if !is_domain(domain) {
        let problem = Problem::error("domain.invalid", format!("`{domain}` is not a domain name"));
        let hint = "write lower-case labels with dots between, as in pryv.example.org";
        problems.push(problem.hint(hint).at(inventory.place(&["domain"])));
    }
    for (name, zone) in &inventory.zones {
        let country = zone.country.as_deref();
        if let Some(country) =
            country.filter(|code| code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()))
        {
            let problem = Problem::error("zone.country", format!("`{country}` is not a country code"));
            let hint = "write two capital letters (ISO 3166-1 alpha-2), as in DE or CH";
            problems.push(problem.hint(hint).at(inventory.place(&["zones", name.as_str(), "country"])));
        }
        problems.extend(variables(inventory, &zone.variables, &["zones", name.as_str(), "variables"]));
    }
    problems.extend(variables(inventory, &inventory.variables, &["variables"]));
    for (name, host) in &inventory.hosts {
        let path = ["hosts", name.as_str()];
        problems.extend(variables(inventory, &host.variables, &[path[0], path[1], "variables"]));
        if let Some(data) = host.data.as_ref().filter(|data| !data.is_absolute()) {
            let problem = Problem::error(
                "data.relative",
                format!("host `{name}`: `{}` is no absolute path", data.display()),
            );
            problems.push(
                problem
                    .hint("write the whole path, as in /var/pryv")
                    .at(inventory.place(&[path[0], path[1], "data"])),
            );
        }
        for label in host.labels.iter().filter(|label| !is_label(label)) {
            let problem =
                Problem::error("label.invalid", format!("host `{name}`: `{label}` cannot be a label"));
            let hint = "use letters, digits, `-`, `_` and `.`, so that selectors can name it";
            problems.push(problem.hint(hint).at(inventory.place(&[path[0], path[1], "labels"])));
        }
    }
    problems
}

fn variables(inventory: &Inventory, values: &BTreeMap<String, String>, path: &[&str]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for name in values.keys() {
        let place = inventory.place(&[path, &[name.as_str()]].concat());
        if !is_variable(name) {
            let problem =
                Problem::error("variable.name", format!("`{name}` cannot be the name of a variable"));
            let hint = "use capital letters, digits and `_`, as in `${MAIL_RELAY}` of a role";
            problems.push(problem.hint(hint).at(place));
        }
        if ["PASSWORD", "SECRET", "TOKEN"].iter().any(|word| name.to_ascii_uppercase().contains(word)) {
            let problem =
                Problem::warning("variable.secret", format!("`{name}` looks like a secret in clear text"));
            let hint = "everyone who can read the inventory or a plan can read it; write it below `secrets` with `{ env: NAME }`";
            problems.push(problem.hint(hint).at(place));
        }
    }
    problems
}

/// RFC 1123: labels of letters, digits and inner hyphens; at least two of them, 253 bytes in all.
pub fn is_domain(text: &str) -> bool {
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_dns_label)
}

fn is_dns_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && label.chars().all(|letter| letter.is_alphanumeric() || "-_.".contains(letter))
}

fn is_variable(name: &str) -> bool {
    let mut letters = name.bytes();
    let first = letters.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    first && letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_has_labels_and_a_dot() {
        assert!(is_domain("pryv.example.org") && is_domain("a-1.b"));
        for bad in
            ["localhost", "https://pryv.example.org", "pryv.example.org.", "Pryv.example.org", "-a.b", ""]
        {
            assert!(!is_domain(bad), "{bad}");
        }
    }
}
