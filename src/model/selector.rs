//! Which hosts and services a command is about: patterns for names, roles, zones and labels.

use std::collections::BTreeSet;

use super::{
    inventory::{Host, Inventory},
    name::{HostName, ServiceName},
    nearest::suggest,
    problem::Problem,
};

/// What the command line asks for. Each list holds patterns with `*` and `?`, also several in one text with commas
/// between; `!` in front takes hosts out. A host is selected when every list that is not empty selects it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// Patterns for names of hosts.
    pub hosts: Vec<String>,
    /// Patterns for roles.
    pub roles: Vec<String>,
    /// Patterns for zones.
    pub zones: Vec<String>,
    /// Patterns for labels.
    pub labels: Vec<String>,
}

/// What a pattern is matched against.
#[derive(Debug, Clone, Copy)]
enum Aspect {
    Host,
    Role,
    Zone,
    Label,
}

impl Selector {
    /// The hosts that are selected; without any pattern all of them.
    ///
    /// # Errors
    /// A pattern that matches nothing at all, which is a misspelt word; patterns that together leave no host.
    pub fn select(&self, inventory: &Inventory) -> Result<BTreeSet<HostName>, Box<Problem>> {
        let mut selected: BTreeSet<&HostName> = inventory.hosts.keys().collect();
        for (aspect, patterns) in [
            (Aspect::Host, &self.hosts),
            (Aspect::Role, &self.roles),
            (Aspect::Zone, &self.zones),
            (Aspect::Label, &self.labels),
        ] {
            let by_aspect = aspect.select(patterns, inventory)?;
            selected.retain(|name| by_aspect.contains(name));
        }
        if selected.is_empty() {
            let problem =
                Problem::error("selector.empty", "no host matches all of --host, --role, --zone and --label");
            return Err(Box::new(problem.hint("a host must match every selector; remove one of them")));
        }
        Ok(selected.into_iter().cloned().collect())
    }
}

/// The services of some that patterns select, written as those of hosts are.
///
/// # Errors
/// A pattern that matches nothing at all; patterns that together leave no service.
pub fn services<'a>(
    patterns: &str,
    known: &BTreeSet<&'a ServiceName>,
) -> Result<BTreeSet<&'a ServiceName>, Box<Problem>> {
    let matching = |pattern: &str| {
        let found: Vec<_> = known.iter().copied().filter(|name| glob(pattern, name.as_str())).collect();
        if found.is_empty() {
            let words = known.iter().map(|name| name.as_str());
            return Err(unmatched("service", pattern, words.collect()));
        }
        Ok(found)
    };
    let selected = pick(patterns.split(','), known.iter().copied(), matching)?;
    if selected.is_empty() {
        let problem = Problem::error("selector.empty", format!("no service matches `{patterns}`"));
        return Err(Box::new(
            problem.hint("a pattern with `!` only excludes; also name a service to include"),
        ));
    }
    Ok(selected)
}

/// What patterns without `!` match, or all, without what patterns with `!` match.
fn pick<'a, T: Ord>(
    patterns: impl Iterator<Item = &'a str>,
    all: impl Iterator<Item = T>,
    matching: impl Fn(&str) -> Result<Vec<T>, Box<Problem>>,
) -> Result<BTreeSet<T>, Box<Problem>> {
    let patterns = patterns.map(str::trim).filter(|pattern| !pattern.is_empty());
    let (out, within): (Vec<&str>, Vec<&str>) = patterns.partition(|pattern| pattern.starts_with('!'));
    let mut selected: BTreeSet<_> = if within.is_empty() { all.collect() } else { BTreeSet::new() };
    for pattern in within {
        selected.extend(matching(pattern)?);
    }
    for pattern in out {
        for found in matching(pattern.trim_start_matches('!'))? {
            selected.remove(&found);
        }
    }
    Ok(selected)
}

fn unmatched(what: &str, pattern: &str, words: BTreeSet<&str>) -> Box<Problem> {
    let problem = Problem::error("selector.unmatched", format!("no {what} matches `{pattern}`"));
    Box::new(problem.hint(suggest(pattern, words)))
}

impl Aspect {
    fn option(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Role => "role",
            Self::Zone => "zone",
            Self::Label => "label",
        }
    }

    fn words<'a>(self, name: &'a HostName, host: &'a Host) -> Vec<&'a str> {
        match self {
            Self::Host => vec![name.as_str()],
            Self::Role => host.roles.iter().map(|role| role.value.as_str()).collect(),
            Self::Zone => vec![host.zone.value.as_str()],
            Self::Label => host.labels.iter().map(String::as_str).collect(),
        }
    }

    fn select<'a>(
        self,
        patterns: &[String],
        inventory: &'a Inventory,
    ) -> Result<BTreeSet<&'a HostName>, Box<Problem>> {
        let patterns = patterns.iter().flat_map(|text| text.split(','));
        pick(patterns, inventory.hosts.keys(), |pattern| self.matching(pattern, inventory))
    }

    fn matching<'a>(
        self,
        pattern: &str,
        inventory: &'a Inventory,
    ) -> Result<Vec<&'a HostName>, Box<Problem>> {
        let fits = |(name, host): &(&'a HostName, &'a Host)| {
            self.words(name, host).into_iter().any(|word| glob(pattern, word))
        };
        let found: Vec<_> = inventory.hosts.iter().filter(fits).map(|(name, _)| name).collect();
        if found.is_empty() {
            let words = inventory.hosts.iter().flat_map(|(name, host)| self.words(name, host));
            return Err(unmatched(self.option(), pattern, words.collect()));
        }
        Ok(found)
    }
}

/// `*` stands for any letters or none, `?` for one.
fn glob(pattern: &str, word: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => word.is_empty(),
        Some('*') => {
            let starts = word.char_indices().map(|(at, _)| at).chain([word.len()]);
            starts.into_iter().any(|at| glob(letters.as_str(), &word[at..]))
        }
        Some('?') => {
            word.chars().next().is_some_and(|letter| glob(letters.as_str(), &word[letter.len_utf8()..]))
        }
        Some(letter) => word.strip_prefix(letter).is_some_and(|rest| glob(letters.as_str(), rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory() -> Inventory {
        Inventory::parse(include_str!("../../inventory/two-zones.yaml")).unwrap()
    }

    fn hosts(patterns: &[&str]) -> Selector {
        Selector {
            hosts: patterns.iter().map(|&pattern| pattern.to_owned()).collect(),
            ..Selector::default()
        }
    }

    fn selected(selector: &Selector) -> String {
        let text = |selected: BTreeSet<HostName>| {
            selected.iter().map(HostName::as_str).collect::<Vec<_>>().join(" ")
        };
        match selector.select(&inventory()) {
            Ok(names) => text(names),
            Err(problem) => format!("{}; {}", problem.message, problem.hint.unwrap_or_default()),
        }
    }

    #[test]
    fn globs() {
        assert!(
            glob("co*", "co1")
                && glob("*", "")
                && glob("c?1", "co1")
                && glob("*1", "reg1")
                && glob("a*b*c", "axbxc")
        );
        assert!(!glob("co", "co1") && !glob("c?", "co1") && !glob("?", "") && !glob("a*b", "abc"));
    }

    #[test]
    fn nothing_asked_selects_all() {
        assert_eq!(selected(&Selector::default()), "co1 co2 co3 reg1 reg2 web1");
    }

    #[test]
    fn patterns_add_up_and_take_out() {
        assert_eq!(selected(&hosts(&["co*,web1", "!co2"])), "co1 co3 web1");
        assert_eq!(selected(&hosts(&["!reg?"])), "co1 co2 co3 web1");
        let cores_of_batch_2 =
            Selector { roles: vec!["core".into()], labels: vec!["batch-2".into()], ..Selector::default() };
        assert_eq!(selected(&cores_of_batch_2), "co2 co3");
        let in_switzerland =
            Selector { zones: vec!["ch".into()], roles: vec!["!core".into()], ..Selector::default() };
        assert_eq!(selected(&in_switzerland), "reg2");
    }

    #[test]
    fn a_word_that_fits_nothing_is_an_error() {
        insta::assert_snapshot!(selected(&hosts(&["cO1"])), @"no host matches `cO1`; did you mean `co1`?");
        insta::assert_snapshot!(selected(&hosts(&["co1", "!mars*"])), @"no host matches `mars*`; use one of `co1`, `co2`, `co3`, `reg1`, `reg2`, `web1`");
        let none = Selector { zones: vec!["eu".into()], hosts: vec!["co3".into()], ..Selector::default() };
        insta::assert_snapshot!(selected(&none), @"no host matches all of --host, --role, --zone and --label; a host must match every selector; remove one of them");
    }

    #[test]
    fn services_are_selected_likewise() {
        let names = ["core", "hfs", "mongodb"].map(|name| name.parse().unwrap());
        let selected = |patterns: &str| match services(patterns, &names.iter().collect()) {
            Ok(found) => found.into_iter().map(ServiceName::as_str).collect::<Vec<_>>().join(" "),
            Err(problem) => format!("{}; {}", problem.message, problem.hint.unwrap_or_default()),
        };
        assert_eq!(selected("core"), "core");
        assert_eq!(selected("h?s,m*"), "hfs mongodb");
        assert_eq!(selected("!core"), "hfs mongodb");
        insta::assert_snapshot!(selected("cor"), @"no service matches `cor`; did you mean `core`?");
        insta::assert_snapshot!(selected("nginx"), @"no service matches `nginx`; use one of `core`, `hfs`, `mongodb`");
        insta::assert_snapshot!(selected("core,!c*"), @"no service matches `core,!c*`; a pattern with `!` only excludes; also name a service to include");
    }
}
