//! The command as a shell sees it: exit codes, streams, the JSON document, the pages.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use pryvctl::watch::history::Claim;

fn pryvctl(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pryvctl"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect()
}

#[test]
fn every_broken_inventory_ends_with_3_and_points_at_the_place() {
    let files = yaml_files("tests/data/inventory/broken");
    let mut broken = 0;
    for file in files {
        let name = file.to_string_lossy();
        let output = pryvctl(&["validate", &name]);
        let json = pryvctl(&["validate", &name, "--output", "json"]);
        if output.status.code() == Some(0) {
            assert!(text(&output.stderr).contains("warning"), "{name} is not broken");
            continue;
        }
        broken += 1;
        assert_eq!(output.status.code(), Some(3), "{name}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{name}: errors belong to stderr");
        assert!(text(&output.stderr).contains(&format!("{name}:")), "{name}: {}", text(&output.stderr));
        let document: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        assert_eq!((json.status.code(), &document["code"]), (Some(3), &serde_json::json!(3)), "{name}");
        let problems = document["problems"].as_array().unwrap();
        let placed = |problem: &serde_json::Value| problem["line"].is_u64() && problem["column"].is_u64();
        assert!(problems.iter().any(placed), "{name}: no place in {document}");
    }
    assert!(broken >= 30, "only {broken} broken inventories");
}

#[test]
fn the_shipped_inventories_are_valid_without_their_secrets() {
    for file in yaml_files("inventory") {
        let output = pryvctl(&["validate", &file.to_string_lossy()]);
        assert_eq!(output.status.code(), Some(0), "{}: {}", file.display(), text(&output.stderr));
        assert!(text(&output.stdout).contains("nothing is wrong"));
    }
}

#[test]
fn a_missing_secret_ends_a_command_that_would_ask_hosts() {
    let output = pryvctl(&["plan", "inventory/cluster.yaml"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("ACME_REGISTRY_PASSWORD"), "{}", text(&output.stderr));
}

#[test]
fn a_lab_that_is_not_there_is_said_to_be_gone_or_unknown() {
    let text_of = |output: Output| (output.status.code(), text(&output.stderr));
    let (code, said) = text_of(pryvctl(&["lab", "down", "no-such-lab-anywhere"]));
    assert_eq!(code, Some(0), "a lab that is gone is gone: {said}");
    let (code, said) = text_of(pryvctl(&["plan", "inventory/cluster.yaml", "--lab=no-such-lab"]));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no-such-lab"), "{said}");
}

#[test]
fn usage_ends_with_2_and_help_with_0() {
    assert_eq!(pryvctl(&["instal", "x.yaml"]).status.code(), Some(2));
    assert_eq!(pryvctl(&["install"]).status.code(), Some(2));
    assert_eq!(pryvctl(&["install", "x.yaml", "--window", "1"]).status.code(), Some(2));
    for command in ["harden", "install", "upgrade", "apply"] {
        let help = text(&pryvctl(&[command, "--help"]).stdout);
        assert!(help.contains("--no-break-glass"), "{command}: {help}");
    }
    let help = pryvctl(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("Exit codes:"));
}

#[test]
fn an_inventory_that_is_not_there_ends_with_3() {
    let output = pryvctl(&["validate", "nowhere.yaml"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("cannot read nowhere.yaml"));
}

#[test]
fn schema_completions_and_manual_come_from_the_same_types() {
    let schema: serde_json::Value = serde_json::from_slice(&pryvctl(&["schema"]).stdout).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for shell in ["bash", "zsh", "fish"] {
        assert!(text(&pryvctl(&["completions", shell]).stdout).contains("uninstall"), "{shell}");
    }
    let folder = std::env::temp_dir().join(format!("pryvctl-man-{}", std::process::id()));
    assert_eq!(pryvctl(&["man", &folder.to_string_lossy()]).status.code(), Some(0));
    let page = fs::read_to_string(folder.join("pryvctl-install.1")).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(page.replace('\\', "").contains("--yes"), "{page}");
}

/// Two hosts with one service each; nobody is there.
fn inventory() -> PathBuf {
    let roles = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/roles");
    let path = std::env::temp_dir().join(format!("pryvctl-cli-{}.yaml", std::process::id()));
    let text = format!(
        "platform: cli\ndomain: cli.test\nadmin_networks: [192.0.2.0/24]\nroles: {}\n\
         registry: {{ address: \"registry.test:5000\" }}\nssh: {{ identities: [/nowhere/key] }}\nzones: {{ z: {{}} }}\n\
         hosts:\n  co1: {{ address: 192.0.2.1, zone: z, roles: [web] }}\n  \
         reg1: {{ address: 192.0.2.2, zone: z, roles: [keeper] }}\n",
        roles.display()
    );
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn whoever_looks_into_containers_is_told_which_there_are() {
    let path = inventory();
    let file = path.to_str().unwrap();
    let said = |arguments: &[&str]| {
        let output = pryvctl(arguments);
        assert!(output.stdout.is_empty(), "{arguments:?}");
        format!("{}: {}", output.status.code().unwrap(), text(&output.stderr))
    };
    let logs = |rest: &[&str]| said(&[&["logs", file], rest].concat());
    let exec = |rest: &[&str]| said(&[&["exec", file], rest, &["--", "id"]].concat());
    insta::assert_snapshot!(logs(&["mars"]), @r"
    2: no host matches `mars`
      hint: use one of `co1`, `reg1`
    ");
    insta::assert_snapshot!(logs(&["*", "nginx"]), @r"
    2: no service matches `nginx`
      hint: use one of `store`, `web`
    ");
    insta::assert_snapshot!(logs(&["co1", "store"]), @r"
    2: no service matches `store`
      hint: use `web`
    ");
    insta::assert_snapshot!(exec(&["co", "web"]), @r"
    2: no host matches `co`
      hint: did you mean `co1`?
    ");
    insta::assert_snapshot!(exec(&["co1", "core"]), @r"
    2: no service matches `core`
      hint: use `web`
    ");
    insta::assert_snapshot!(exec(&["*", "web"]), @r"
    2: `*` matches more than one host: co1, reg1; a command runs in one container
      hint: name one host
    ");
    for nobody in [exec(&["co1", "web"]), logs(&["co1"])] {
        insta::allow_duplicates!(insta::assert_snapshot!(nobody, @r"
        8: co1: cannot read the key /nowhere/key: No such file or directory (os error 2)
          hint: check `ssh.identities` in the inventory
        "));
    }
    fs::remove_file(path).unwrap();
}

#[test]
fn a_command_for_a_container_stands_behind_two_hyphens() {
    for arguments in [&["exec", "x.yaml", "one", "web"][..], &["exec", "x.yaml", "one", "web", "id"]] {
        let output = pryvctl(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("<SERVICE> -- <COMMAND>..."), "{}", text(&output.stderr));
    }
    let help = text(&pryvctl(&["exec", "--help"]).stdout);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("Exit codes: the code of COMMAND, which can also be 1 to 8"), "{help}");
    let since = pryvctl(&["logs", "x.yaml", "one", "--since", "soon"]);
    assert_eq!(since.status.code(), Some(2));
    assert!(text(&since.stderr).contains("10m"), "{}", text(&since.stderr));
}

#[test]
fn a_closed_pipe_is_the_readers_wish() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pryvctl"))
        .arg("schema")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[test]
fn a_second_daemon_on_a_history_is_told_of_the_first() {
    let folder = std::env::temp_dir().join(format!("pryvctl-two-daemons-{}", std::process::id()));
    let history = folder.join("history.db");
    let first = Claim::of(&history, Path::new("first.yaml")).unwrap();
    let inventory = inventory();
    let output = pryvctl(&["watch", &inventory.to_string_lossy(), "--history", &history.to_string_lossy()]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let words = format!("process {} (first.yaml) already watches with the history", std::process::id());
    assert!(said.contains(&words), "{said}");
    assert!(said.contains("hint: stop that one first"), "{said}");
    drop(first);
    fs::remove_dir_all(folder).unwrap();
}
