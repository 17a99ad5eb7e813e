//! The JSON that users' scripts read: it changes only on purpose, and every document is as its published schema says.

mod schema;

use std::{fs, path::Path, process::Command, time::Duration};

use pryvctl::{
    app::{
        document::{Document, LogDocument},
        exit::Exit,
    },
    fleet::outcome::{Outcome, Report, Trouble},
    plan::{Goal, control::assess, plan, preflight::preflight},
};
use serde_json::Value;

use super::facts::{RECORDED, desired, in_time, recorded};

/// The schema that is published.
fn published() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/reference/document.schema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// What a look at a recorded host comes to.
fn report(name: &str, outcome: Outcome) -> Report {
    let (desired, facts) = (desired(), recorded(name));
    let found = preflight(&desired, &facts, &in_time(&facts));
    let state = found.state.as_ref();
    Report {
        host: desired.host.clone(),
        controls: state.map(|state| assess(&desired, state)).unwrap_or_default(),
        plan: state.and_then(|state| plan(&desired, state, Goal::Install).ok()).unwrap_or_default(),
        findings: found.findings,
        facts: Some(facts),
        outcome,
        took: Duration::from_millis(1500),
    }
}

fn value(document: &Document) -> Value {
    serde_json::to_value(document).unwrap()
}

#[test]
fn documents_of_hosts_are_as_the_schema_says() {
    let trouble =
        Trouble { message: "away".to_owned(), hint: Some("wait".to_owned()), details: vec!["x".to_owned()] };
    for (name, _) in RECORDED {
        let reports = [
            report(name, Outcome::Planned),
            report(name, Outcome::Failed { step: "look".to_owned(), trouble: trouble.clone() }),
            report(name, Outcome::NotConverged { left: vec!["image.core".to_owned()] }),
        ];
        let document = Document::new("status", Exit::NotConverged).hosts_with_controls(&reports);
        let document = value(&document.early(Some("stopped by Ctrl-C or a signal".to_owned())));
        assert_eq!(schema::faults(&document, &published()), [""; 0], "{name}");
        assert_eq!(document["version"], 1);
        assert!(document["hosts"][0]["findings"].as_array().unwrap().len() > 9, "{name}");
    }
}

#[test]
fn documents_of_the_command_are_as_the_schema_says() {
    let folder = std::env::temp_dir().join(format!("pryvctl-document-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let journal = folder.join("journal.jsonl");
    fs::write(&journal, "{\"what\":\"resumed\",\"run\":\"1\"}\nno line\n").unwrap();
    let journal = journal.to_str().unwrap();
    for (arguments, key) in [
        (&["validate", "tests/data/inventory/broken/several.yaml"][..], "problems"),
        (&["validate", "inventory/cluster.yaml"], "command"),
        (&["validate", "nowhere.yaml"], "hint"),
        (&["plan", "inventory/cluster.yaml", "--host", "mars"], "problems"),
        (&["audit", "--journal", journal], "faults"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pryvctl"));
        command.args(arguments).args(["--output", "json"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        let said = command.output().unwrap().stdout;
        let document: Value = serde_json::from_slice(&said).unwrap();
        assert_eq!(schema::faults(&document, &published()), [""; 0], "{arguments:?}");
        assert!(document.get(key).is_some(), "{arguments:?}: {document}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_command_prints_the_schema_that_is_published() {
    let said =
        Command::new(env!("CARGO_BIN_EXE_pryvctl")).args(["schema", "document"]).output().unwrap().stdout;
    assert_eq!(serde_json::from_slice::<Value>(&said).unwrap(), published());
}

#[test]
fn lines_of_logs_are_as_the_schema_says() {
    let text = |text: &str| text.to_owned();
    let (host, service) = (text("co1"), text("core"));
    let line = LogDocument { host, service, time: text("2026-11-29T10:00:00Z"), text: text("GET /") };
    let (line, published) = (serde_json::to_value(line).unwrap(), published());
    assert_eq!(schema::faults(&line, &published["$defs"]["LogDocument"]), [""; 0]);
}

/// A probe may be renamed; the keys that scripts read may not.
#[test]
fn what_scripts_read_of_a_host_changes_only_on_purpose() {
    let document = Document::new("status", Exit::Done);
    let facts = |name| {
        value(&document.clone().hosts(&[report(name, Outcome::Unchanged)]))["hosts"][0]["facts"].clone()
    };
    insta::assert_snapshot!(
        "facts",
        format!("{:#}\n{:#}", facts("debian12-docker"), facts("debian13-docker-stopped"))
    );
}

#[test]
fn a_document_that_is_not_as_the_schema_says_is_found() {
    let mut document = value(&Document::new("status", Exit::Done));
    document["code"] = "0".into();
    document["exit"] = "well".into();
    document["nodes"] = Value::Null;
    document.as_object_mut().unwrap().remove("command");
    insta::assert_snapshot!(schema::faults(&document, &published()).join("\n"), @r#"
    /: `command` is missing
    /code: "0" is no integer
    /exit: fits none of its forms
    /nodes: is not in the schema
    "#);
}
