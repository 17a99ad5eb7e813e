//! Directives of a service that is not ours: in a file of ours beside its unit, which systemd reads on top of it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::file::OwnFile;
use crate::model::{compose::List, etc, mode::Mode};

/// What is said to systemd of a service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropIn {
    /// The service. It is restarted if it runs; a host without it is left alone.
    pub unit: ServiceUnit,
    /// What is said of it. systemd ignores a directive that it does not know, as an older one does.
    pub directives: Sections,
}

impl DropIn {
    /// In other words: the file, named by the control, with which systemd restarts the service.
    ///
    /// # Errors
    /// Nothing is set.
    pub fn meant(self, id: &str) -> Result<OwnFile, String> {
        let Self { unit: ServiceUnit(unit), directives } = self;
        let sections = [("Unit", directives.unit), ("Service", directives.service)];
        let said = sections.iter().filter(|(_, section)| !section.0.is_empty());
        let content: String = said.map(|(name, section)| format!("[{name}]\n{}", section.text())).collect();
        if content.is_empty() {
            return Err(
                "`drop_in` sets nothing: write `directives: { Service: { DIRECTIVE: VALUE } }`".to_owned()
            );
        }
        Ok(OwnFile {
            path: format!("{}/{unit}.d/pryvctl-{id}.conf", etc::UNITS).into(),
            content: format!("{}{content}", etc::HEADER),
            mode: Mode(0o644),
            restart: Some(unit.clone()),
            brings: Vec::new(),
            check: None,
            after: None,
            unit: Some(unit),
        })
    }
}

/// The name of a service that may be restarted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ServiceUnit(pub String);

/// Whom a restart does not hit alone, by the beginning of the name, and why.
const REFUSED: [(&[&str], &str); 5] = [
    (&["ssh", "sshd"], "a wrong directive would cut every login; use a control of kind `sshd`"),
    (&["docker", "containerd"], "a restart may stop containers; use a control of kind `daemon`"),
    (
        &["nftables", "networking", "systemd-networkd", "NetworkManager"],
        "if it restarts, the host may lose its network or rules of its firewall",
    ),
    (&["dbus", "dbus-broker", "systemd-logind"], "a restart breaks logins until the next boot"),
    (&["pryvctl-firewall", "pryvctl-services", "pryvctl-guard"], "this unit is written by pryvctl itself"),
];

/// The longest name of a unit, bytes (systemd.unit(5)).
const LONGEST: usize = 255;

impl TryFrom<String> for ServiceUnit {
    type Error = String;
    fn try_from(name: String) -> Result<Self, String> {
        let (stem, suffix) = name.rsplit_once('.').unwrap_or((&name, ""));
        let known = ["service", "socket"].contains(&suffix);
        let stem = if known { stem } else { name.as_str() };
        let (template, instance) = stem.split_once('@').map_or((stem, None), |(of, one)| (of, Some(one)));
        if let Some((_, why)) = REFUSED.iter().find(|(names, _)| names.contains(&template)) {
            return Err(format!("`{name}` is refused: {why}"));
        }
        let letters = |text: &str| {
            let letter = |letter: char| letter.is_ascii_alphanumeric() || ":-_.\\".contains(letter);
            !text.is_empty() && text.chars().all(letter)
        };
        let fits = letters(template) && instance.is_none_or(letters);
        if suffix == "service" && fits && name.len() <= LONGEST {
            return Ok(Self(name));
        }
        Err(format!("`{name}` is not a service: write a name as in `rsyslog.service`"))
    }
}

/// What is said, by the section. A file beside a unit says nothing of when it is started at boot, so there is no `Install`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sections {
    /// Of any unit.
    #[serde(rename = "Unit", default)]
    pub unit: Section,
    /// Of a service.
    #[serde(rename = "Service", default)]
    pub service: Section,
}

/// Directives, each with its value, or with several: an empty one takes back what the unit itself says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, List>")]
pub struct Section(pub BTreeMap<String, List>);

impl TryFrom<BTreeMap<String, List>> for Section {
    type Error = String;
    fn try_from(directives: BTreeMap<String, List>) -> Result<Self, String> {
        if directives.is_empty() {
            return Err("sets nothing: write directives as in `NoNewPrivileges: \"yes\"`".to_owned());
        }
        for (name, values) in &directives {
            let is_name = name.starts_with(|letter: char| letter.is_ascii_uppercase())
                && name.chars().all(|letter| letter.is_ascii_alphanumeric());
            if !is_name {
                return Err(format!("`{name}` is not a directive: write a name as in `NoNewPrivileges`"));
            }
            // Either would make systemd read something else.
            if values.0.iter().any(|value| value.contains(char::is_control) || value.ends_with('\\')) {
                return Err(format!("`{name}` must be on one line, without `\\` at its end"));
            }
        }
        Ok(Self(directives))
    }
}

impl Section {
    fn text(&self) -> String {
        let lines = self.0.iter().flat_map(|(name, values)| values.0.iter().map(move |value| (name, value)));
        lines.map(|(name, value)| format!("{name}={value}\n")).collect()
    }
}
