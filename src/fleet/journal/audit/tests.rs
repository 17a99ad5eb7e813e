//! A journal that was changed is found, by its chain or by what hosts keep.

use std::path::Path;

use super::*;
use crate::{
    fleet::{
        event::{Event, Subscriber as _, What},
        journal::{Journal, head::Head},
    },
    plan::step::{ServiceStep, StepId},
};

/// A journal of two runs that write at the same time.
fn written(name: &str) -> String {
    written_by("root@here", name)
}

fn written_by(who: &str, name: &str) -> String {
    let path = std::env::temp_dir().join(format!("pryvctl-journal-{name}-{}", std::process::id()));
    std::fs::remove_file(&path).unwrap_or_default();
    let runs = ["install", "upgrade"].map(|command| Journal::open(&path, command, who).unwrap());
    for number in 1..4 {
        for run in &runs {
            let what =
                What::Step { number, of: 3, id: StepId::Service("core".to_owned(), ServiceStep::Start) };
            run.write(&Event { host: Some("co1".parse().unwrap()), what });
            assert_eq!(run.trouble(), None);
        }
    }
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    text
}

#[test]
fn two_runs_make_one_chain() {
    let audit = audit(&written("whole"));
    assert_eq!(audit.faults, []);
    let [line, ..] = &audit.lines[..] else { panic!("no lines") };
    assert_eq!((line.host.as_str(), line.command.as_str(), line.what.as_str()), ("co1", "install", "step"));
    assert_eq!(line.details, "id=service.core.start number=1 of=3");
    assert_eq!(audit.lines.len(), 6);
}

#[test]
fn a_changed_a_missing_and_a_cut_line_are_found() {
    let text = written("spoilt");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(audit(&text.replacen("co1", "co2", 1)).faults, [JournalFault::Changed(1)]);
    assert_eq!(audit(&[&lines[..2], &lines[3..]].concat().join("\n")).faults, [JournalFault::Broken(3)]);
    assert_eq!(audit(&lines[1..].join("\n")).faults, [JournalFault::Broken(1)]);
    let cut = &text[..text.len() - 40];
    assert_eq!(audit(cut).faults, [JournalFault::Unreadable(6)]);
    assert!(audit("").lines.is_empty());
}

fn anchored(text: &str, lines: usize) -> Anchored {
    let head = audit(text).lines[lines - 1].hash.clone();
    let journal = "console:/journal".to_owned();
    Anchored {
        journal,
        named: None,
        of: audit(text).lines[0].run.clone(),
        lines,
        head,
        key: None,
        signature: None,
    }
}

fn place() -> Place {
    Place { real: "console:/journal".to_owned(), named: None }
}

/// However a journal is reached, whoever takes it away does not make it another.
#[test]
fn a_journal_behind_a_link_that_is_gone_is_still_the_one_that_hosts_know() {
    let root = std::env::temp_dir().join(format!("pryvctl-journal-link-{}", std::process::id()));
    let (real, named, file) = (root.join("real"), root.join("named"), root.join("file.jsonl"));
    std::fs::create_dir_all(&real).unwrap();
    std::os::unix::fs::symlink(&real, &named).unwrap();
    std::os::unix::fs::symlink("named/journal.jsonl", &file).unwrap();
    let host: HostName = "co1".parse().unwrap();
    let told = |path: &Path| {
        let run = Journal::open(path, "install", "root@here").unwrap();
        run.write(&Event { host: None, what: What::Resumed });
        let Place { real, named } = Place::of(path);
        let Head { run, lines, hash, .. } = run.head().unwrap();
        kept(&Anchored { journal: real, named, of: run, lines, head: hash, key: None, signature: None })
    };
    let paths = [named.join("journal.jsonl"), file.clone()];
    let anchors = paths.each_ref().map(|path| told(path));
    std::fs::remove_file(real.join("journal.jsonl")).unwrap();
    for (path, anchor) in paths.iter().zip(&anchors) {
        let found = audit("").compare(&Place::of(path), &host, std::slice::from_ref(anchor));
        assert!(matches!(found.faults[..], [JournalFault::Missing { .. }]), "{found:?}");
    }
    // The link is gone, too, or leads elsewhere.
    std::fs::remove_file(&file).unwrap();
    let found = audit("").compare(&Place::of(&file), &host, &anchors[1..]);
    assert!(matches!(found.faults[..], [JournalFault::Missing { .. }]), "{found:?}");
    // Another of this machine than the one that is read.
    let found = audit("").compare(&place(), &host, &anchors);
    assert!(matches!(found.faults[..], [JournalFault::Gone { .. }]), "{found:?}");
    std::fs::remove_dir_all(root).unwrap();
}

fn kept(anchor: &Anchored) -> Kept {
    Kept { at: String::new(), key: "SHA256:k".to_owned(), anchor: anchor.clone() }
}

#[test]
fn what_hosts_keep_finds_what_the_chain_cannot() {
    let host: HostName = "co1".parse().unwrap();
    let (ours, another) = (written("anchored"), written_by("nobody@here", "another"));
    let anchors = [kept(&anchored(&ours, 2)), kept(&anchored(&ours, 6))];
    let compare = |text: &str| audit(text).compare(&place(), &host, &anchors);
    let whole = compare(&ours);
    assert_eq!((&whole.faults[..], whole.keys["SHA256:k"]), (&[][..], 2));
    let lines: Vec<&str> = ours.lines().collect();
    // A chain that was cut is sound in itself, as is one that was made anew, and one of which nothing is left.
    let cut = lines[..4].join("\n");
    for (what, text, missing) in [("cut", cut.as_str(), 1), ("made anew", &another, 2), ("deleted", "", 2)] {
        assert_eq!(audit(text).faults, [], "{what}");
        assert_eq!(compare(text).faults.len(), missing, "{what}");
    }
    let elsewhere = audit(&another).compare(
        &Place { real: "laptop:/journal".to_owned(), named: None },
        &host,
        &[kept(&Anchored { of: "a run of somebody else".to_owned(), ..anchors[0].anchor.clone() })],
    );
    assert_eq!((elsewhere.faults.len(), elsewhere.others["console:/journal"]), (0, 1));
}

#[test]
fn a_host_that_lost_its_log_is_found() {
    let path = std::env::temp_dir().join(format!("pryvctl-journal-told-{}", std::process::id()));
    std::fs::remove_file(&path).unwrap_or_default();
    let run = Journal::open(&path, "install", "root@here").unwrap();
    run.write(&Event { host: None, what: What::Resumed });
    let head = run.head().unwrap();
    assert_eq!(head.lines, 1);
    let anchor = Anchored { head: head.hash, ..anchored(&std::fs::read_to_string(&path).unwrap(), 1) };
    let wrong = Anchored { lines: 7, ..anchor.clone() };
    for told in [&anchor, &wrong] {
        run.write(&Event { host: Some("co1".parse().unwrap()), what: What::Anchored(told.clone()) });
    }
    let audit = audit(&std::fs::read_to_string(&path).unwrap());
    std::fs::remove_file(path).unwrap();
    assert_eq!(audit.faults, [JournalFault::Rewritten(3)]);
    let host: HostName = "co1".parse().unwrap();
    let found = audit.compare(&place(), &host, &[kept(&wrong)]);
    assert!(found.faults.contains(&JournalFault::Forgotten { host, number: 2 }), "{found:?}");
}

#[test]
fn a_line_cut_by_a_crash_spoils_no_other() {
    let path = std::env::temp_dir().join(format!("pryvctl-journal-torn-{}", std::process::id()));
    let text = written("torn");
    std::fs::write(&path, &text[..text.len() - 40]).unwrap();
    let run = Journal::open(&path, "upgrade", "root@here").unwrap();
    run.write(&Event { host: None, what: What::Resumed });
    let audit = audit(&std::fs::read_to_string(&path).unwrap());
    std::fs::remove_file(path).unwrap();
    assert_eq!(audit.faults, [JournalFault::Unreadable(6)]);
    assert_eq!(audit.lines.last().map(|line| line.what.as_str()), Some("resumed"));
}
