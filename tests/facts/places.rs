//! Where containers really write, as a real shell tells it of real folders.

use std::{fs, os::unix::fs::symlink, process::Command};

use pryvctl::{
    facts::{Fact, Probe as _, container::OwnContainers, content::ContentHash, note::Notes, place::Places},
    model::{
        command::{Exit, Output},
        desired::{Mount, MountSource},
        place,
    },
};

use super::desired;

/// What a shell answers, without a complaint.
fn answer(shell: &mut Command) -> Output {
    let output = shell.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let exit = Exit::Code(output.status.code().unwrap().try_into().unwrap());
    Output { stdout: String::from_utf8(output.stdout).unwrap(), exit, ..Output::default() }
}

fn asked(question: &str) -> Output {
    answer(Command::new("sh").args(["-c", question]))
}

#[test]
fn links_are_followed() {
    let root = std::env::temp_dir().join(format!("pryvctl-places-{}", std::process::id()));
    let root = root.display().to_string();
    let path = |name: &str| format!("{root}/{name}");
    fs::create_dir_all(path("it's $HOME/data")).unwrap();
    symlink("it's $HOME", path("link")).unwrap();
    symlink("two\nlines", path("odd")).unwrap();
    symlink("loop", path("loop")).unwrap();
    let mut desired = desired();
    let mount = |name| {
        let source = MountSource::Bind(path(name));
        Mount { source, target: "/data".to_owned(), read_only: false }
    };
    let names = ["it's $HOME/data", "link/data", "link/data/none yet", "loop", "odd"];
    desired.services[0].spec.mounts = names.map(mount).into();
    desired.data = path("data").into();
    let places = Places::of(&desired);
    let found = places.read(&asked(&places.question()));
    fs::remove_dir_all(&root).unwrap();
    let text = format!("{found:#?}").replace(&root, "ROOT");
    insta::assert_snapshot!(text, @r#"
    Known(
        {
            "ROOT/link/data": "ROOT/it's $HOME/data",
            "ROOT/link/data/none yet": "ROOT/it's $HOME/data/none yet",
            "ROOT/odd": "ROOT/two?lines",
        },
    )
    "#);
}

#[test]
fn every_note_is_read() {
    let data = std::env::temp_dir().join(format!("pryvctl notes-{}", std::process::id()));
    let folder = place::versions(&data);
    fs::create_dir_all(folder.join("folder")).unwrap();
    let notes = Notes::of(&data);
    let ask = || notes.read(&asked(&notes.question()));
    assert_eq!(ask(), Fact::Known([].into()));
    let wrote = [("%2Fsrv%2Fit's a disk", "mongo:4\nsha256:1\n"), (".hidden", ""), ("volume:a", "m")];
    wrote.iter().for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
    let found = ask().known().unwrap().clone();
    let read: Vec<_> =
        found.iter().map(|(path, found)| (path.clone(), found.text.clone().unwrap())).collect();
    assert_eq!(read, wrote.map(|(name, text)| (folder.join(name), text.to_owned())));
    assert!(wrote.iter().all(|(name, text)| found[&folder.join(name)].sha256 == ContentHash::of(text)));
    fs::remove_dir_all(&data).unwrap();
    assert_eq!(ask(), Fact::Absent);
}

/// The part after the list, with a Docker that says this.
#[test]
fn links_of_containers_are_followed() {
    let root = std::env::temp_dir().join(format!("pryvctl-written-{}", std::process::id()));
    fs::create_dir_all(root.join("it's data")).unwrap();
    symlink("it's data", root.join("a link")).unwrap();
    let root = root.display().to_string();
    let question = OwnContainers("acme".parse().unwrap()).question();
    let part = &question[question.find("[ -n \"$ids\"").unwrap()..];
    let script = format!("timeout() {{ printf '%s\\n' \"$said\"; }}\n{part}");
    let run = |ids: &str, said: &str| {
        let output = answer(Command::new("sh").args(["-c", &script]).env("ids", ids).env("said", said));
        assert!(output.ok());
        output.stdout.replace(&root, "ROOT")
    };
    let said = run("1 2", &format!("{{}}\nwrites {root}/a link/x\n{{}}\nwrites {root}/a link"));
    let real = "ROOT/it's data/x\nROOT/it's data\n";
    assert_eq!(said, format!("{{}}\nwrites ROOT/a link/x\n{{}}\nwrites ROOT/a link\n{real}"));
    assert_eq!((run("1", "{}"), run("", "{}")), ("{}\n".to_owned(), String::new()));
    fs::remove_dir_all(&root).unwrap();
}
