//! Answers that did not arrive as they were sent.

use proptest::{prelude::*, sample::Index};
use pryvctl::{
    facts::{Fact, survey::Survey},
    model::{
        command::{Exit, Output},
        desired::Desired,
    },
    plan::preflight::preflight,
};

use super::{RECORDED, desired, in_time, read};

/// Each fact of `part` is the one of `whole`, or is not known.
fn nothing_wrong(whole: &str, part: &str) {
    let (whole, part) = (read(whole), read(part));
    let fields = |facts| serde_json::to_value(facts).unwrap().as_object().unwrap().clone();
    let known = fields(&whole);
    for (name, fact) in fields(&part) {
        assert!(fact.get("unreadable").is_some() || fact == known[&name], "{name}: {fact}");
    }
    if let Some(state) = preflight(&desired(), &part, &in_time(&whole)).state {
        assert_eq!(Some(state), preflight(&desired(), &whole, &in_time(&whole)).state);
    }
}

fn boundary(text: &str, near: usize) -> usize {
    (0..=near).rev().find(|at| text.is_char_boundary(*at)).unwrap()
}

proptest! {
    #[test]
    fn a_cut_answer_is_never_a_shorter_truth(host in 0..RECORDED.len(), at in any::<Index>()) {
        let whole = RECORDED[host].1;
        nothing_wrong(whole, &whole[..boundary(whole, at.index(whole.len()))]);
    }

    #[test]
    fn an_answer_with_a_hole_is_read_without_panic(
        host in 0..RECORDED.len(), from in any::<Index>(), len in 1_usize..4000,
    ) {
        let whole = RECORDED[host].1;
        let from = boundary(whole, from.index(whole.len()));
        let to = boundary(whole, (from + len).min(whole.len()));
        let facts = read(&format!("{}{}", &whole[..from], &whole[to..]));
        preflight(&desired(), &facts, &in_time(&facts));
    }
}

#[test]
fn a_cut_at_every_line_is_never_a_shorter_truth() {
    let (_, whole) = RECORDED[0];
    for (at, _) in whole.match_indices('\n') {
        nothing_wrong(whole, &whole[..at]);
        nothing_wrong(whole, &whole[..=at]);
    }
}

#[test]
fn what_a_login_script_prints_is_skipped() {
    let (_, whole) = RECORDED[0];
    assert_eq!(read(&format!("Welcome!\npryvctl survey 2\n{whole}")), read(whole));
}

#[test]
fn a_refused_sudo_is_the_only_finding() {
    let stderr = "sudo: a password is required\n".to_owned();
    let output = Output { stderr, exit: Exit::Code(1), ..Output::default() };
    let desired = Desired { login_user: "op".to_owned(), ..desired() };
    let facts = Survey::of(&desired).read(&output);
    assert_eq!(facts.os, Fact::Unreadable("sudo: a password is required".to_owned()));
    let outcome = preflight(&desired, &facts, &in_time(&facts));
    assert!(outcome.state.is_none());
    let lines: Vec<String> = outcome.findings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    failure rights: found sudo: a password is required, needed root, or a user with sudo; give `ssh.sudo_password` in the inventory, or let op use sudo without one: `op ALL=(ALL) NOPASSWD: ALL` in a file of /etc/sudoers.d
    "#);
}

#[test]
fn a_survey_that_ran_out_of_time_says_so() {
    let (_, whole) = RECORDED[0];
    let output = Output { stdout: whole[..4000].to_owned(), exit: Exit::Code(124), ..Output::default() };
    let facts = Survey::of(&desired()).read(&output);
    assert_eq!(facts.containers, Fact::Unreadable("the survey was cut off: ran out of time".to_owned()));
}
