//! The controls, from the files in `hardening`.

use std::fmt::Write as _;

use pryvctl::model::control::{Control, Controls, Level};

use super::{cell, head};

pub fn page() -> String {
    let controls = Controls::shipped().unwrap();
    let about = "What makes a host hard. A level has its own controls and those of the levels below it, and `skip` in the inventory \
                 leaves one out. [Hardening](../hardening.md) says how. *Kind* is what is set: its key in `hardening/controls`.";
    let mut page = head("Controls", "`hardening/controls`", about);
    for level in [Level::One, Level::Two] {
        let count = controls.iter().filter(|control| control.level == level).count();
        let profile = controls.profile(level).unwrap();
        let number = u8::from(level);
        write!(page, "\n* **Level {number}**, {count} controls: {}. {}\n", profile.title, profile.about)
            .unwrap();
    }
    let mut last = "";
    for control in controls.iter() {
        let subject = control.id.split('.').next().unwrap();
        if subject != last {
            write!(page, "\n## {subject}\n\n| control | level | what holds | what may stop working | kind | asked for by |\n|---|---|---|---|---|---|\n").unwrap();
            last = subject;
        }
        page += &row(control);
    }
    page
}

fn row(control: &Control) -> String {
    let Control { id, title, level, refs, breaks, key, .. } = control;
    let (level, refs) = (u8::from(*level), refs.join(", "));
    format!("| `{id}` | {level} | {} | {} | {key} | {} |\n", cell(title), cell(breaks), cell(&refs))
}

pub fn ids() -> Vec<String> {
    Controls::shipped().unwrap().ids().map(ToOwned::to_owned).collect()
}
