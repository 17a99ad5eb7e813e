//! The port: sshd is moved in two looks. It listens on both, a login at the new one confirms, and then the old one goes.

use std::collections::BTreeSet;

use super::block::{main_block, reload};
use crate::{
    facts::state::HostState,
    model::{command::Command, desired::Desired},
    plan::{Conflict, step::Step},
};

/// The port that sshd is about to leave: we came in by it, and the inventory has sshd moved from there.
pub fn leaving(desired: &Desired, state: &HostState) -> Option<u16> {
    state.ssh.came_in.filter(|port| desired.leaves(*port))
}

/// Where sshd has to answer administrators.
pub fn ports(desired: &Desired, state: &HostState) -> BTreeSet<u16> {
    leaving(desired, state).into_iter().chain([desired.ssh_port]).collect()
}

/// What our block says of it, whose `Port` adds to those of others; nothing where sshd was never moved.
pub(super) fn lines(desired: &Desired, state: &HostState) -> String {
    if !is_moved(desired, state) {
        return String::new();
    }
    ports(desired, state).iter().map(|port| format!("Port {port}\n")).collect()
}

/// Whether our block names the port, or is about to.
pub fn is_moved(desired: &Desired, state: &HostState) -> bool {
    leaving(desired, state).is_some() || main_block(state).lines().any(|line| line.starts_with("Port "))
}

/// Why sshd is told of ports, if it is.
pub(super) fn reason(desired: &Desired, state: &HostState) -> Option<String> {
    let found = state.ssh.sshd.get("port").map(|ports| ports.join(", ")).unwrap_or_default();
    let port = desired.ssh_port;
    match leaving(desired, state) {
        Some(old) => Some(format!(
            "Port: {found} -> {port}; port {old} is closed after a login at port {port} succeeded"
        )),
        None if !is_moved(desired, state) || found == port.to_string() => None,
        None => Some(format!("Port: {found} -> {port}")),
    }
}

/// sshd takes up its files, and where it moves the new login has to come in by the new port.
pub(super) fn taken_up(desired: &Desired, state: &HostState) -> Step {
    let Some(old) = leaving(desired, state) else { return reload() };
    let port = desired.ssh_port;
    let proof = format!(
        "[ \"${{SSH_CONNECTION##* }}\" = {port} ] || \
         {{ echo 'a login came through at port {old}, but none at port {port}: a firewall on the way, or a ListenAddress \
         of sshd with a port' >&2; exit 1; }}"
    );
    reload().because(reason(desired, state)).proved(Command::root(proof))
}

/// systemd listens in sshd's place, or will from the next boot on, and does not read sshd's files.
pub(super) fn held_by_systemd(desired: &Desired, state: &HostState) -> Option<Conflict> {
    let held = state.system.units.get("ssh.socket").is_some_and(|unit| unit.active || unit.enabled);
    (held && is_moved(desired, state)).then(|| Conflict {
        thing: "ssh.socket".to_owned(),
        found: format!("the socket is active, so sshd_config cannot change the port to {}", desired.ssh_port),
        way_out: "`systemctl disable --now ssh.socket && systemctl enable --now ssh.service`, or leave out `ssh.initial_port`"
            .to_owned(),
    })
}

/// Ports add up: one that somebody else names stays.
pub(super) fn left(desired: &Desired, state: &HostState) -> Option<Conflict> {
    let found = state.ssh.sshd.get("port").into_iter().flatten();
    let other =
        found.filter_map(|port| port.parse().ok()).find(|port| !ports(desired, state).contains(port))?;
    is_moved(desired, state).then(|| Conflict {
        thing: "sshd".to_owned(),
        found: format!("another line of the configuration makes sshd listen on port {other}"),
        way_out: format!(
            "take `Port {other}` out of /etc/ssh/sshd_config, or of what that includes, and reload ssh"
        ),
    })
}

/// Without us sshd is where it was before, and there we have to find it.
///
/// # Errors
/// sshd was moved, and the inventory does not say from where.
pub fn way_back(desired: &Desired, state: &HostState) -> Result<(), Conflict> {
    if desired.initial_ssh_port.is_some() || !is_moved(desired, state) {
        return Ok(());
    }
    Err(Conflict {
        thing: "sshd".to_owned(),
        found: "sshd was moved, and the inventory does not name the port to move it back to".to_owned(),
        way_out: "set `ssh.initial_port` to the port on which sshd listened before".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        facts::state::UnitState,
        model::place,
        plan::{Goal, Plan, fixture, plan, simulated::carry_out},
    };

    fn moved() -> Desired {
        Desired { ssh_port: 2222, initial_ssh_port: Some(22), ..fixture::desired() }
    }

    fn entered_by(port: u16) -> HostState {
        let mut state = fixture::with_docker();
        state.ssh.sshd.insert("port".to_owned(), vec![port.to_string()]);
        state.ssh.came_in = Some(port);
        state
    }

    /// Carries out what is done before the next look.
    fn go(desired: &Desired, state: &mut HostState) -> Plan {
        let plan = plan(desired, state, Goal::Harden).unwrap();
        plan.up_to_next_look().iter().for_each(|step| carry_out(step, state, desired));
        plan
    }

    fn table(state: &HostState) -> String {
        state.net.tables["pryvctl"].to_string()
    }

    #[test]
    fn both_ports_are_open_until_a_login_came_in_by_the_new_one() {
        let (desired, mut state) = (moved(), entered_by(22));
        let first = go(&desired, &mut state);
        let last = first.up_to_next_look().last().unwrap();
        assert_eq!(last.id, "firewall.boot");
        let reload = first.steps.iter().find(|step| step.id == "sshd.reload").unwrap();
        assert!(reload.proof.as_ref().unwrap().script.contains("= 2222 ]"));
        assert!(
            first
                .to_string()
                .contains("Port: 22 -> 2222; port 22 is closed after a login at port 2222 succeeded")
        );
        assert_eq!(state.ssh.sshd["port"], ["22", "2222"]);
        assert!(table(&state).contains(r#""right":{"set":[22,2222]}"#), "{}", table(&state));

        // The host comes no further than this look if the login does not come in there.
        let again = plan(&desired, &state, Goal::Harden).unwrap();
        assert_eq!(again.up_to_next_look().last().unwrap().id, "sshd.reload");

        state.ssh.came_in = Some(2222);
        let second = go(&desired, &mut state);
        assert!(second.to_string().contains("Port: 22, 2222 -> 2222"), "{second}");
        assert_eq!(state.ssh.sshd["port"], ["2222"]);
        assert!(!table(&state).contains("22,2222"), "{}", table(&state));
        assert!(plan(&desired, &state, Goal::Harden).unwrap().is_empty());
    }

    #[test]
    fn who_says_nothing_of_ports_keeps_them() {
        let (desired, mut state) = (Desired { initial_ssh_port: None, ..moved() }, entered_by(22));
        go(&desired, &mut state);
        assert_eq!(state.ssh.sshd["port"], ["22"]);
    }

    #[test]
    fn a_socket_of_systemd_is_in_the_way() {
        let mut state = entered_by(22);
        state
            .system
            .units
            .insert("ssh.socket".to_owned(), UnitState { enabled: true, ..UnitState::default() });
        let conflicts = plan(&moved(), &state, Goal::Harden).unwrap_err();
        assert_eq!(
            conflicts[0].to_string(),
            "ssh.socket: the socket is active, so sshd_config cannot change the port to 2222; `systemctl disable --now \
             ssh.socket && systemctl enable --now ssh.service`, or leave out `ssh.initial_port`"
        );
        let never = Desired { initial_ssh_port: None, ..moved() };
        assert!(plan(&never, &state, Goal::Harden).is_ok());
    }

    /// A host that was moved.
    fn at_home() -> (Desired, HostState) {
        let (desired, mut state) = (moved(), entered_by(22));
        go(&desired, &mut state);
        state.ssh.came_in = Some(2222);
        go(&desired, &mut state);
        (desired, state)
    }

    #[test]
    fn the_boot_knows_both_ports_before_the_old_one_closes() {
        let (desired, mut state) = (moved(), entered_by(22));
        go(&desired, &mut state);
        let file = |state: &HostState| {
            state.system.files[std::path::Path::new(place::FIREWALL)].clone().unwrap().text.unwrap()
        };
        assert!(file(&state).contains("[22,2222]"), "{}", file(&state));
        state.ssh.came_in = Some(2222);
        go(&desired, &mut state);
        assert!(!file(&state).contains("[22,2222]") && file(&state).contains("2222"));
        // Without us nothing is loaded any more when sshd goes back.
        let back = plan(&desired, &state, Goal::Revert).unwrap();
        let at = |id: &str| back.steps.iter().position(|step| step.id.to_string().starts_with(id)).unwrap();
        assert!(at("firewall.table") < at("file./etc/pryvctl/firewall.json"));
        assert!(at("file./etc/pryvctl/firewall.json") < at("undo./etc/ssh/sshd_config"));
    }

    #[test]
    fn a_port_that_others_name_is_named() {
        let (desired, mut state) = at_home();
        state.ssh.sshd.insert("port".to_owned(), vec!["2222".to_owned(), "22".to_owned()]);
        let conflicts = plan(&desired, &state, Goal::Harden).unwrap_err();
        assert!(conflicts[0].to_string().contains("take `Port 22` out of"), "{}", conflicts[0]);
    }

    #[test]
    fn nothing_goes_back_to_where_we_would_not_find_it() {
        let (desired, state) = at_home();
        assert!(plan(&desired, &state, Goal::Revert).is_ok());
        let forgotten = Desired { initial_ssh_port: None, ..desired };
        for goal in [Goal::Revert, Goal::Uninstall(crate::plan::uninstall::Volumes::Keep)] {
            let conflicts = plan(&forgotten, &state, goal).unwrap_err();
            assert!(conflicts[0].way_out.contains("`ssh.initial_port`"), "{}", conflicts[0]);
        }
    }
}
