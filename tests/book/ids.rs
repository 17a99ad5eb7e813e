//! The rules of `validate` and the checks of `preflight`: ids from the sources, words from `docs/remedies.yaml`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
};

use serde::Deserialize;

use super::{files, head, root, text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remedies {
    rules: BTreeMap<String, Remedy>,
    checks: BTreeMap<String, Remedy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remedy {
    means: String,
    r#do: String,
}

fn remedies() -> Remedies {
    serde_saphyr::from_str(&text("docs/remedies.yaml")).unwrap()
}

/// The sources of a room, each without its unit tests.
fn sources(rooms: &[&str]) -> Vec<String> {
    let paths = rooms.iter().flat_map(|room| files(&root().join("src").join(room), "rs"));
    let paths = paths.filter(|path| !path.iter().any(|part| part == "tests" || part == "tests.rs"));
    let code = |text: String| text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
    paths.map(|path| code(fs::read_to_string(path).unwrap())).collect()
}

/// Texts in quotes that stand right behind one of these words.
fn quoted_after(code: &str, words: &[&str]) -> Vec<String> {
    let after = |word: &&str| {
        let rests = code.split(word).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
        rests.filter_map(|rest| rest.split('"').next()).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    words.iter().flat_map(after).collect()
}

/// Two words of small letters with a dot between.
fn is_rule(id: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    id.split('.').count() == 2 && id.split('.').all(word)
}

/// Every rule, and whether it only warns.
fn rules() -> BTreeMap<String, bool> {
    let mut rules = BTreeMap::new();
    for code in sources(&["model", "app"]) {
        for id in quoted_after(&code, &["Problem::warning("]) {
            rules.entry(id).or_insert(true);
        }
        let stops = ["Problem::error(", "problem(", "complain(", "about(", "let rule = "];
        for id in quoted_after(&code, &stops).into_iter().filter(|id| is_rule(id)) {
            rules.insert(id, false);
        }
    }
    rules
}

/// Every check.
fn checks() -> BTreeSet<String> {
    let words = ["Finding::ok(", "judge(", "look(", "CHECK: &str = "];
    let mut checks = BTreeSet::new();
    for code in sources(&["plan", "fleet", "host"]) {
        checks.extend(quoted_after(&code, &words));
    }
    for code in sources(&["facts"]) {
        checks.extend(quoted_after(&code, &["unread("]));
    }
    let letters = |id: &String| id.bytes().all(|byte| byte.is_ascii_lowercase() || b"-.".contains(&byte));
    checks.retain(letters);
    checks
}

pub fn all() -> Vec<String> {
    rules().into_keys().chain(checks()).collect()
}

/// What a broken inventory of the tests shows of each rule.
fn examples() -> BTreeMap<String, String> {
    let mut examples = BTreeMap::new();
    for path in files(&root().join("tests/data/inventory/broken"), "snap") {
        let text = fs::read_to_string(path).unwrap();
        let shown = text.split("---\n").last().unwrap().trim_end();
        // Several problems are parted by an empty line before the next rule.
        let mut blocks: Vec<Vec<&str>> = Vec::new();
        for line in shown.lines() {
            if is_rule(line) {
                blocks.push(Vec::new());
            }
            if let Some(block) = blocks.last_mut() {
                block.push(line);
            }
        }
        for block in blocks {
            let shown = block.join("\n");
            let shown = shown.split("\n\ninventory.yaml: ").next().unwrap().trim_end().to_owned();
            examples.entry(block[0].to_owned()).or_insert(shown);
        }
    }
    examples
}

pub fn rules_page() -> String {
    let about = "Each problem that pryvctl finds in an inventory or a role has a rule: the first line of the problem, and `rule` in \
                 `--output json`. An error ends the command with exit code 3 before any host is asked. A warning stops nothing.";
    let mut page = head("Rules", "`docs/remedies.yaml` and `src/model`", about);
    let (remedies, examples) = (remedies().rules, examples());
    for (id, warns) in rules() {
        let Some(Remedy { means, r#do }) = remedies.get(&id) else { continue };
        let kind = if warns { "Warning" } else { "Error" };
        write!(page, "\n## `{id}`\n\n{kind}. {means}\n\n**What to do:** {do}\n").unwrap();
        if let Some(example) = examples.get(&id) {
            write!(page, "\n```text\n{example}\n```\n").unwrap();
        }
    }
    page
}

pub fn checks_page() -> String {
    let about = "What `preflight` looks at on each host. A failure stops `harden`, `install` and `upgrade` on all hosts before anything \
                 is touched, with exit code 4. A warning stops nothing. A check whose fact cannot be read is a failure, too: what \
                 pryvctl does not know, it does not plan with.";
    let mut page = head("Checks of preflight", "`docs/remedies.yaml` and `src/plan/preflight`", about);
    page += "\n| check | what holds when it is well | what to do otherwise |\n|---|---|---|\n";
    let remedies = remedies().checks;
    for (id, Remedy { means, r#do }) in checks().iter().filter_map(|id| Some((id, remedies.get(id)?))) {
        writeln!(page, "| `{id}` | {} | {} |", super::cell(means), super::cell(r#do)).unwrap();
    }
    page
}

#[test]
fn every_rule_and_every_check_has_a_remedy_and_no_other() {
    let remedies = remedies();
    let names = |map: &BTreeMap<String, Remedy>| map.keys().cloned().collect::<BTreeSet<_>>();
    let rules: BTreeSet<_> = rules().into_keys().collect();
    assert!(
        rules.len() > 80 && rules.contains("network.invalid") && rules.contains("depends.circle"),
        "{rules:?}"
    );
    assert_eq!(names(&remedies.rules), rules, "docs/remedies.yaml (left) and the rules of the code (right)");
    let checks = checks();
    assert!(
        checks.len() > 40 && checks.contains("originals") && checks.contains("break-glass"),
        "{checks:?}"
    );
    assert_eq!(
        names(&remedies.checks),
        checks,
        "docs/remedies.yaml (left) and the checks of the code (right)"
    );
}
