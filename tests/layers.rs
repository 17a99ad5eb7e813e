//! The floor plan holds: a room uses only rooms to its right, and the pure rooms stay pure.

mod circles;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// From left to right. `lab` stands beside the line: only the face and the application use it, and it uses only the model.
const LINE: [&str; 9] = ["cli", "watch", "app", "fleet", "host", "plan", "change", "facts", "model"];

const PURE: [&str; 4] = ["plan", "change", "facts", "model"];

/// What a pure room never names.
const IMPURE: [&str; 12] = [
    "tokio",
    "russh",
    "bollard",
    "std::fs",
    "std::process",
    "std::env",
    "std::thread",
    "SystemTime",
    "Instant",
    "TcpStream",
    "UdpSocket",
    "rand::",
];

/// What only a face names.
const TERMINAL: [&str; 14] = [
    "Screen",
    "std::io::stdout",
    "std::io::stderr",
    "io::stdout(",
    "io::stderr(",
    "io::stdin(",
    "stdout()",
    "IsTerminal",
    "println!",
    "eprintln!",
    "clap",
    "console::",
    "indicatif",
    "comfy_table",
];

fn sources(room: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.clone(), code(&fs::read_to_string(&path).unwrap())));
            }
        }
    }
    assert!(!found.is_empty(), "room {room} is empty");
    found
}

/// The text without comments and without the unit tests at its end. Names of test modules further up end nothing.
fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = before_tests.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether the code names a room: by `crate::room` or inside a `use crate::{...}` list.
fn names_room(code: &str, room: &str) -> bool {
    if code.contains(&format!("crate::{room}::")) {
        return true;
    }
    code.split("use crate::{").skip(1).any(|list| {
        let list = list.split("};").next().unwrap_or_default();
        list.lines().any(|line| line.starts_with(&format!("    {room}::")))
            || list.contains(&format!("{{{room}::"))
    })
}

#[test]
fn a_room_uses_only_rooms_to_its_right() {
    for (place, room) in LINE.iter().enumerate() {
        let lab = if ["cli", "app"].contains(room) { &[][..] } else { &["lab"] };
        let left = LINE[..place].iter().chain(lab);
        for (path, code) in sources(room) {
            for forbidden in left.clone() {
                assert!(!names_room(&code, forbidden), "{} uses {forbidden}", path.display());
            }
        }
    }
}

#[test]
fn the_lab_uses_only_the_model() {
    for (path, code) in sources("lab") {
        for forbidden in ["cli", "app", "fleet", "host", "plan", "change", "facts"] {
            assert!(!names_room(&code, forbidden), "{} uses {forbidden}", path.display());
        }
    }
}

#[test]
fn only_the_face_knows_a_terminal() {
    for room in LINE.iter().filter(|room| **room != "cli").chain(&["lab"]) {
        for (path, code) in sources(room) {
            for word in TERMINAL {
                assert!(!code.contains(word), "{} names {word}", path.display());
            }
        }
    }
}

#[test]
fn the_pure_rooms_stay_pure() {
    for room in PURE {
        for (path, code) in sources(room) {
            for word in IMPURE {
                assert!(!code.contains(word), "{} names {word}", path.display());
            }
        }
    }
}

#[test]
fn the_test_itself_sees_a_broken_rule() {
    assert!(names_room("use crate::host::ssh;", "host"));
    assert!(names_room("use crate::{\n    host::ssh,\n    model::name,\n};", "host"));
    assert!(!names_room("use crate::{\n    model::host_name,\n};", "host"));
    assert!(!code("// tokio\nfn f() {}\n#[cfg(test)]\nmod tests { use tokio; }").contains("tokio"));
}
