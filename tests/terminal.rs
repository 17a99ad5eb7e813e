//! Nothing that a file, a person or a host says reaches the terminal as bytes that it obeys.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// Up and clear a line, colour by the single byte that means the same, the clipboard, the window's name, back to the margin,
/// the other direction, an isolate, and a line's end that is none of ours.
pub const HOSTILE: &str =
    "evil\u{1b}[1A\u{1b}[2K\u{9b}31m\u{1b}]52;c;AAAA\u{7}\u{1b}]0;t\u{7}\r\u{202e}\u{2066}\u{2028}live";

/// Asserts that there is nothing in a stream that a terminal obeys, and that the hostile text was there as something to read.
#[track_caller]
pub fn shows(what: &str, stream: &[u8]) {
    harmless(what, stream);
    let text = String::from_utf8_lossy(stream);
    // In JSON and YAML as `\u001b`, which is theirs.
    let escape =
        ["evil\\x1b[", "evil\\u001b[", "evil\\e[", "evil?["].into_iter().find(|word| text.contains(word));
    assert!(escape.is_some(), "{what}: the text did not come through: {text}");
}

/// Asserts that there is nothing in a stream that a terminal obeys.
#[track_caller]
pub fn harmless(what: &str, stream: &[u8]) {
    let text = std::str::from_utf8(stream).unwrap_or_else(|error| panic!("{what}: {error}"));
    let obeyed = text.chars().find(|letter| {
        let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        turns || letter.is_control() && !matches!(letter, '\n' | '\t')
    });
    assert_eq!(obeyed, None, "{what}: {text:?}");
}

fn pryvctl(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pryvctl"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).output().unwrap()
}

fn file(name: &str, text: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("pryvctl-terminal-{}-{name}", std::process::id()));
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_journal() {
    let line = serde_json::json!({ "time": HOSTILE, "run": HOSTILE, "who": HOSTILE, "command": HOSTILE,
        "host": HOSTILE, "what": HOSTILE, "by": HOSTILE, "why": "first\nco2: changed" });
    let path = file("journal", format!("{line}\n").as_bytes());
    let ran = |form: &str| pryvctl(&["audit", "--journal", path.to_str().unwrap(), "--output", form]);
    let text = ran("text");
    shows("text", &text.stdout);
    let said = String::from_utf8(text.stdout).unwrap();
    assert_eq!(said.lines().count(), 1, "a value began a line of its own: {said}");
    harmless("stderr", &text.stderr);
    let (json, yaml) = (ran("json").stdout, ran("yaml").stdout);
    shows("json", &json);
    shows("yaml", &yaml);
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["journal"][0]["who"], HOSTILE);
    assert_eq!(serde_yaml::from_slice::<serde_json::Value>(&yaml).unwrap(), json);
    fs::remove_file(path).unwrap();
}

#[test]
fn an_inventory() {
    let quoted = r#""evil\e[1A\e[2K\x9b31m\e]52;c;AAAA\a\u202e\u2066live""#;
    let inventory = format!(
        "platform: {quoted}\ndomain: {quoted}\nadmin_networks: [{quoted}]\n{quoted}: 1\nzones: {{ eu: {{}} }}\n\
         hosts: {{ a: {{ address: {quoted}, zone: {quoted}, roles: [{quoted}] }} }}\n"
    );
    let raw = format!("platform: acme\nhosts: {HOSTILE}\n  wrong: [\n");
    for (name, text) in [("quoted\u{1b}[2K.yaml", inventory), ("raw.yaml", raw)] {
        let path = file(name, text.as_bytes());
        for form in ["text", "json", "yaml"] {
            let output = pryvctl(&["validate", path.to_str().unwrap(), "--output", form]);
            assert_eq!(output.status.code(), Some(3));
            harmless(&format!("{name} {form} stdout"), &output.stdout);
            harmless(&format!("{name} {form} stderr"), &output.stderr);
            let said = [output.stdout, output.stderr].concat();
            assert!(String::from_utf8(said).unwrap().contains("evil"), "{name} {form}");
        }
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn what_was_typed() {
    // clap itself leaves out the most of it.
    for arguments in [&[HOSTILE][..], &["install", "x.yaml", "--window", HOSTILE]] {
        let said = pryvctl(arguments).stderr;
        harmless("usage", &said);
        assert!(String::from_utf8(said).unwrap().contains("evil"), "{arguments:?}");
    }
    shows("a file that is not there", &pryvctl(&["validate", HOSTILE]).stderr);
    shows(
        "a plan that is not there",
        &pryvctl(&["apply", "inventory/cluster.yaml", HOSTILE, "--yes"]).stderr,
    );
    shows("the same as JSON", &pryvctl(&["validate", HOSTILE, "--output", "json"]).stdout);
}
