//! Others' chains that decide about packets: a site's own tables, ufw's, firewalld's, Docker's.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// `nft -j -t list table` of every table of others in which a chain filters what comes in or is forwarded, without the
/// elements of its sets, and without rules about a single source: fail2ban has thousands of them, and what they do to one
/// address they do not do to a port. No `nft`: absent.
pub struct Filters;

/// A chain.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chain {
    /// Family and name of its table, as in `inet site`.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Where the kernel calls it; `None`: other chains do.
    pub base: Option<Base>,
    /// Its rules. They stay out of reports: Docker alone writes hundreds.
    #[serde(skip)]
    pub rules: Vec<Rule>,
}

/// Where the kernel calls a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Base {
    /// For which packets.
    pub hook: Hook,
    /// What becomes of a packet that no rule decides about.
    pub drops: bool,
}

/// For which packets the kernel calls a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Hook {
    /// Those for programs of the host.
    Input,
    /// Those for others, containers among them.
    Forward,
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// By which nft names it.
    pub handle: u64,
    /// Conditions and what then happens, as nft writes them.
    pub statements: Vec<Value>,
}

/// Each rule and each chain gets a line of its own on the way. Whatever rules others have, they leave room for the other
/// answers of a survey: a mebibyte for all tables.
const QUESTION: &str = include_str!("filter.sh").trim_ascii_end();

impl Probe for Filters {
    type Value = Vec<Chain>;

    fn question(&self) -> String {
        QUESTION.to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Vec<Chain>> {
        Fact::read(output, |text| {
            let tables = text.lines().filter(|line| !line.is_empty()).map(table);
            Ok(tables.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        })
    }
}

/// The chains of a table, with their rules.
fn table(line: &str) -> Result<Vec<Chain>, String> {
    let wrong = || strange("nft's answer", line);
    let value: Value = serde_json::from_str(line).map_err(|_| wrong())?;
    let objects = value["nftables"].as_array().ok_or_else(wrong)?;
    let bodies = |kind: &'static str| objects.iter().filter_map(move |object| object.get(kind));
    let chains = bodies("chain").map(|body| {
        let name = body["name"].as_str()?.to_owned();
        let rules = bodies("rule").filter(|rule| rule["chain"] == name.as_str()).filter_map(rule).collect();
        Some(Chain {
            table: format!("{} {}", body["family"].as_str()?, body["table"].as_str()?),
            base: base(body),
            name,
            rules,
        })
    });
    chains.collect::<Option<_>>().ok_or_else(wrong)
}

fn base(body: &Value) -> Option<Base> {
    let hook = match body["hook"].as_str()? {
        "input" => Hook::Input,
        "forward" => Hook::Forward,
        _ => return None,
    };
    (body["type"] == "filter").then(|| Base { hook, drops: body["policy"] == "drop" })
}

fn rule(body: &Value) -> Option<Rule> {
    Some(Rule { handle: body["handle"].as_u64()?, statements: body["expr"].as_array()?.clone() })
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {}, chain {}", self.table, self.name)
    }
}
