//! The port: sshd is moved in two looks. It listens on both, a login at the new one confirms, and then the old one goes.

use std::collections::BTreeSet;

use super::{Conflict, main_block, reload};
use crate::{
    facts::state::HostState,
    model::{command::Command, desired::Desired},
    plan::step::Step,
};

/// The port that sshd is about to leave: we came in by it, and the inventory has sshd moved from there.
pub fn leaving(desired: &Desired, state: &HostState) -> Option<u16> {
    state.came_in.filter(|port| desired.leaves(*port))
}

/// Where sshd has to answer administrators.
pub fn ports(desired: &Desired, state: &HostState) -> BTreeSet<u16> {
    leaving(desired, state).into_iter().chain([desired.ssh_port]).collect()
}

/// What our block says of it, whose `Port` adds to those of others; nothing where sshd was never moved.
pub(super) fn lines(desired: &Desired, state: &HostState) -> String {
    let moved = || main_block(state).lines().any(|line| line.starts_with("Port "));
    if leaving(desired, state).is_none() && !moved() {
        return String::new();
    }
    ports(desired, state).iter().map(|port| format!("Port {port}\n")).collect()
}

/// Why sshd is told of ports, if it is.
pub(super) fn reason(desired: &Desired, state: &HostState) -> Option<String> {
    let found = state.sshd.get("port").map(|ports| ports.join(", ")).unwrap_or_default();
    let port = desired.ssh_port;
    match leaving(desired, state) {
        Some(old) => Some(format!("Port: {found} -> {port}; {old} goes when a login at {port} came through")),
        None if lines(desired, state).is_empty() || found == port.to_string() => None,
        None => Some(format!("Port: {found} -> {port}")),
    }
}

/// sshd takes up its files, and where it moves the new login has to come in by the new port.
pub(super) fn taken_up(desired: &Desired, state: &HostState) -> Step {
    let Some(old) = leaving(desired, state) else { return reload() };
    let port = desired.ssh_port;
    let proof = format!(
        "[ \"${{SSH_CONNECTION##* }}\" = {port} ] || \
         {{ echo 'a login came through at port {old}, but none at port {port}' >&2; exit 1; }}"
    );
    reload().proved(Command::root(proof)).looked_after()
}

/// systemd listens in sshd's place, and does not read sshd's files.
pub(super) fn held_by_systemd(desired: &Desired, state: &HostState) -> Option<Conflict> {
    let old = leaving(desired, state)?;
    state.units.get("ssh.socket").is_some_and(|unit| unit.active).then(|| Conflict {
        thing: "ssh.socket".to_owned(),
        found: format!("systemd itself listens on port {old} for sshd, so sshd cannot move to {}", desired.ssh_port),
        way_out: "`systemctl disable --now ssh.socket && systemctl enable --now ssh.service`, or leave out `ssh.initial_port`"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        facts::state::UnitState,
        plan::{Goal, Plan, fixture, plan, simulated::carry_out},
    };

    fn moved() -> Desired {
        Desired { ssh_port: 2222, initial_ssh_port: Some(22), ..fixture::desired() }
    }

    fn entered_by(port: u16) -> HostState {
        let mut state = fixture::with_docker();
        state.sshd.insert("port".to_owned(), vec![port.to_string()]);
        HostState { came_in: Some(port), ..state }
    }

    /// Carries out what is done before the next look.
    fn go(desired: &Desired, state: &mut HostState) -> Plan {
        let plan = plan(desired, state, Goal::Harden).unwrap();
        plan.up_to_next_look().iter().for_each(|step| carry_out(step, state, desired));
        plan
    }

    fn table(state: &HostState) -> String {
        state.tables["pryvctl"].to_string()
    }

    #[test]
    fn both_ports_are_open_until_a_login_came_in_by_the_new_one() {
        let (desired, mut state) = (moved(), entered_by(22));
        let first = go(&desired, &mut state);
        let last = first.up_to_next_look().last().unwrap();
        assert_eq!(last.id, "sshd.reload");
        assert!(last.proof.as_ref().unwrap().script.contains("= 2222 ]"));
        assert!(first.to_string().contains("Port: 22 -> 2222; 22 goes when a login at 2222 came through"));
        assert_eq!(state.sshd["port"], ["22", "2222"]);
        assert!(table(&state).contains(r#""right":{"set":[22,2222]}"#), "{}", table(&state));

        // The host comes no further than this look if the login does not come in there.
        let again = plan(&desired, &state, Goal::Harden).unwrap();
        assert_eq!(again.up_to_next_look().last().unwrap().id, "sshd.reload");

        state.came_in = Some(2222);
        let second = go(&desired, &mut state);
        assert!(second.to_string().contains("Port: 22, 2222 -> 2222"), "{second}");
        assert_eq!(state.sshd["port"], ["2222"]);
        assert!(!table(&state).contains("22,2222"), "{}", table(&state));
        assert!(plan(&desired, &state, Goal::Harden).unwrap().is_empty());
    }

    #[test]
    fn who_says_nothing_of_ports_keeps_them() {
        let (desired, mut state) = (Desired { initial_ssh_port: None, ..moved() }, entered_by(22));
        go(&desired, &mut state);
        assert_eq!(state.sshd["port"], ["22"]);
    }

    #[test]
    fn a_socket_of_systemd_is_in_the_way() {
        let mut state = entered_by(22);
        state.units.insert("ssh.socket".to_owned(), UnitState { active: true, ..UnitState::default() });
        let conflicts = plan(&moved(), &state, Goal::Harden).unwrap_err();
        assert_eq!(
            conflicts[0].to_string(),
            "ssh.socket: systemd itself listens on port 22 for sshd, so sshd cannot move to 2222; `systemctl disable --now \
             ssh.socket && systemctl enable --now ssh.service`, or leave out `ssh.initial_port`"
        );
        state.came_in = Some(2222);
        assert!(plan(&moved(), &state, Goal::Harden).is_ok());
    }
}
