//! Every script that the planner makes, as one text: what a change of the code does to what hosts are told is read there.
//!
//! Scenarios are made by chance, and always the same ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

use crate::{
    change::{Apt, Change, Means, Next},
    facts::{
        control::audit::Loaded,
        footing::Footing,
        state::{HostState, NetworkState, UnitState},
    },
    model::{
        command::Command,
        control::{Controls, Hardening, Level},
        desired::Desired,
        write,
    },
    plan::{
        Goal,
        control::kinds::planned,
        convergence::{befall, desired, mishap, wish},
        fixture, plan,
        simulated::carry_out,
        step::{Step, Undo},
        tests::converged,
        uninstall::Volumes,
    },
};

/// How many of the scripts of one step are shown whole; all of them count in the sum.
const SHOWN: usize = 2;

/// Scripts by what makes them: the step, without its names and numbers.
#[derive(Default)]
struct Scripts(BTreeMap<String, BTreeSet<String>>);

impl Scripts {
    fn take(&mut self, step: &Step) {
        let script = |command: &Command| command.script.replace(write::function(), "(writer)\n");
        let mut text = match (&step.change, step.change.means()) {
            (Change::Write(file), _) => format!("Write({file:?})\n"),
            (_, Means::Script(command)) => {
                let stdin = write::sha256(command.stdin.expose());
                format!("{}\n= within {:?}, stdin {}\n", script(&command), command.within, &stdin[..8])
            }
            (_, Means::Apt(apt)) => spoken(apt),
            (_, Means::Call(call)) => format!("{call:?}\n"),
            (_, Means::Probe { probe, within }) => {
                format!("AwaitProbe {{ probe: {probe:?}, within: {within:?} }}\n")
            }
        };
        for (what, command) in [("save", &step.save), ("check", &step.check), ("proof", &step.proof)] {
            if let Some(command) = command {
                writeln!(text, "= {what}\n{}", script(command)).unwrap();
            }
        }
        match &step.undo {
            Undo::Nothing(why) => writeln!(text, "= no undo: {why}").unwrap(),
            Undo::Change(_) => {
                writeln!(text, "= undo\n{}", script(&step.undo.command().unwrap())).unwrap();
            }
        }
        self.0.entry(kind(&step.id.to_string())).or_default().insert(text);
    }
}

/// What is asked and done on a host where apt does what it is asked for.
fn spoken(apt: Apt<'_>) -> String {
    let (mut text, mut answers) = (String::new(), Vec::new());
    loop {
        match apt.next(&answers).unwrap() {
            Next::Ask(question) => {
                writeln!(text, "{}\n= is asked within {:?}", question.script, question.within).unwrap();
                answers.push(answer(apt, answers.len()));
            }
            Next::Do(command) => {
                writeln!(text, "{}\n= within {:?}", command.script, command.within).unwrap();
                return text;
            }
            Next::Nothing => return text + "= nothing\n",
        }
    }
}

/// Of what is to go everything is there, and of what stays nothing.
fn answer(apt: Apt<'_>, turn: usize) -> String {
    let lines =
        |names: &[String], line: &dyn Fn(&str) -> String| names.iter().map(|name| line(name)).collect();
    match apt {
        Apt::Install(packages) => lines(&packages.names, &|name| format!("Inst {name} (1)\n")),
        Apt::Purge(packages) if turn == 0 => lines(&packages.names, &|name| format!("installed {name}\n")),
        Apt::Purge(packages) => lines(&packages.names, &|name| format!("Purg {name} [1]\n")),
    }
}

/// `service.core.start` is of the kind `service.*.start`.
fn kind(id: &str) -> String {
    let mut parts: Vec<&str> = id.splitn(3, '.').collect();
    let named = ["service", "image", "network", "volume", "folder", "file", "back", "reload", "leftover"];
    if parts.len() > 1 && named.contains(&parts[0]) {
        parts[1] = "*";
    }
    if parts.len() > 2 && (parts[2].contains('/') || parts[0] == "image") {
        parts[2] = "*";
    }
    parts.join(".").split('/').next().unwrap_or_default().to_owned()
}

const GOALS: [Goal; 6] = [
    Goal::Install,
    Goal::Harden,
    Goal::Revert,
    Goal::Rollback,
    Goal::Uninstall(Volumes::Keep),
    Goal::Uninstall(Volumes::Remove),
];

/// What the planner would do for every goal.
fn look(desired: &Desired, state: &HostState, scripts: &mut Scripts) {
    for goal in GOALS {
        if let Ok(plan) = plan(desired, state, goal) {
            plan.steps.iter().for_each(|step| scripts.take(step));
        }
    }
}

fn go(desired: &Desired, state: &mut HostState, goal: Goal, steps: usize) {
    for step in plan(desired, state, goal).unwrap().steps.iter().take(steps) {
        carry_out(step, state, desired);
    }
}

/// Inventories, mishaps and runs that are cut short, one after the other.
fn by_chance(scripts: &mut Scripts) {
    let mut runner = TestRunner::deterministic();
    let runs =
        proptest::collection::vec((wish(), 0..60usize, proptest::collection::vec(mishap(), 0..3)), 2..5);
    for turn in 0..24 {
        let mut state = if turn % 2 == 0 { fixture::bare() } else { fixture::with_docker() };
        for (wish, steps, mishaps) in runs.new_tree(&mut runner).unwrap().current() {
            let desired = desired(&wish);
            look(&desired, &state, scripts);
            go(&desired, &mut state, Goal::Install, steps);
            look(&desired, &state, scripts);
            mishaps.into_iter().for_each(|mishap| befall(mishap, &mut state, &desired));
        }
    }
}

/// A host on which no shipped control is set.
pub(super) fn unhardened(known: &Controls) -> HostState {
    let mut state = fixture::bare();
    state.hardening.installed = Some(BTreeSet::new());
    state.hardening.audit = Some(Loaded::default());
    known.iter().for_each(|control| planned(&control.kind).spoil(&mut state));
    state
}

/// All shipped controls, set and taken back.
fn by_control(scripts: &mut Scripts) {
    let known = Controls::shipped().unwrap();
    let hardening = Hardening { level: Level::Two, known: known.clone(), ..Hardening::default() };
    let desired = Desired { hardening, ..fixture::desired() };
    let mut state = unhardened(&known);
    for _ in 0..4 {
        look(&desired, &state, scripts);
        let next = plan(&desired, &state, Goal::Harden).unwrap();
        next.up_to_next_look().iter().for_each(|step| carry_out(step, &mut state, &desired));
    }
    look(&desired, &state, scripts);
}

/// What somebody breaks below Docker.
fn by_footing(scripts: &mut Scripts) {
    let (desired, mut standing) = converged();
    let network = NetworkState {
        subnets: vec!["172.28.0.0/24".to_owned()],
        ours: true,
        bridge: Some("br-1".to_owned()),
        ..NetworkState::default()
    };
    standing.docker.networks.insert("acme_front".to_owned(), network);
    let unit = UnitState { exists: true, enabled: true, active: true, masked: false };
    let names = ["containerd.service", "docker.service", "docker.socket"];
    standing.system.units.extend(names.map(|name| (name.to_owned(), unit)));
    let whole =
        Footing { dockerd: true, socket: true, forwards: true, forwards6: Some(true), ..Footing::default() };
    for broken in [
        Footing { dockerd: false, ..whole.clone() },
        Footing { socket: false, ..whole.clone() },
        Footing { forwards: false, forwards6: Some(false), ..whole.clone() },
        Footing { rules: Some(Vec::new()), ..whole.clone() },
    ] {
        standing.docker.footing = Some(broken);
        look(&desired, &standing, scripts);
    }
    standing.docker.footing = Some(whole);
    for containerd in [true, false] {
        let mut state = standing.clone();
        state.system.units.get_mut("containerd.service").unwrap().active = containerd;
        state.net.links.names.extend(["br-1".to_owned(), "eth0".to_owned()]);
        state.docker.containers.iter_mut().for_each(|found| found.is_unchecked = true);
        look(&desired, &state, scripts);
        state.net.links.names.remove("br-1");
        look(&desired, &state, scripts);
    }
}

fn text(scripts: &Scripts) -> String {
    let mut text = String::new();
    for (kind, all) in &scripts.0 {
        let whole: String = all.iter().map(String::as_str).collect();
        writeln!(text, "## {kind}: {} scripts, {}", all.len(), &write::sha256(&whole)[..16]).unwrap();
        all.iter().take(SHOWN).for_each(|script| writeln!(text, "{script}").unwrap());
    }
    text
}

#[test]
fn what_hosts_are_told_changes_only_on_purpose() {
    let mut scripts = Scripts::default();
    by_chance(&mut scripts);
    by_control(&mut scripts);
    by_footing(&mut scripts);
    insta::assert_snapshot!(text(&scripts));
}
