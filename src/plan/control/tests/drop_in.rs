//! Directives of a service that is not ours.

use super::*;
use crate::facts::state::UnitState;

const CALM: &str = r#"
- id: a.calm
  title: t
  level: 1
  ref: x
  breaks: y
  drop_in: { unit: calm.service, directives: { Service: { NoNewPrivileges: "yes" } } }
"#;

const PATH: &str = "/etc/systemd/system/calm.service.d/pryvctl-a.calm.conf";

fn with_service() -> (Desired, HostState) {
    let (desired, mut state) = wish_of(CALM);
    let runs = UnitState { exists: true, active: true, ..UnitState::default() };
    state.system.units.insert("calm.service".to_owned(), runs);
    (desired, state)
}

#[test]
fn it_means_nothing_where_there_is_no_such_service() {
    let (desired, state) = wish_of(CALM);
    let why = Some("there is no calm.service".to_owned());
    assert_eq!(verdict(&desired, &state, "a.calm"), (Verdict::NotApplicable, why));
    assert!(planned(&desired, &state).steps.iter().all(|step| step.id != format!("control.{PATH}")));
}

#[test]
fn systemd_reads_it_and_restarts_the_service_if_it_runs() {
    let (desired, mut state) = with_service();
    assert_eq!(verdict(&desired, &state, "a.calm"), (Verdict::Fail, None));
    let change = planned(&desired, &state);
    let step = step(&change, &format!("control.{PATH}"));
    let end = "; systemctl daemon-reload; umask 022; systemctl try-restart 'calm.service'";
    assert!(script(step).ends_with(end), "{}", script(step));
    carry_out(step, &mut state, &desired);
    assert_eq!(verdict(&desired, &state, "a.calm"), (Verdict::Pass, None));
    assert!(planned(&desired, &state).steps.iter().all(|step| step.id != format!("control.{PATH}")));
}

#[test]
fn it_goes_with_its_service_running_and_without() {
    let (desired, mut state) = with_service();
    for step in &planned(&desired, &state).steps {
        carry_out(step, &mut state, &desired);
    }
    let id = format!("undo.{PATH}");
    let restart = "; umask 022; systemctl try-restart 'calm.service'";
    let back = plan(&desired, &state, Goal::Revert).unwrap();
    assert!(script(step(&back, &id)).ends_with(&format!("; systemctl daemon-reload{restart}")));
    // systemctl fails at a unit that is gone.
    state.system.units.remove("calm.service");
    let back = plan(&desired, &state, Goal::Revert).unwrap();
    assert!(script(step(&back, &id)).ends_with("; systemctl daemon-reload"));
}

#[test]
fn what_lay_there_before_comes_back() {
    let (desired, mut state) = with_service();
    let others = fixture::found("[Service]\nNice=5\n", 0o644);
    state.system.files.insert(PATH.into(), Some(others.clone()));
    for step in &planned(&desired, &state).steps {
        carry_out(step, &mut state, &desired);
    }
    let back = plan(&desired, &state, Goal::Revert).unwrap();
    let step = step(&back, &format!("undo.{PATH}"));
    let end = "; systemctl daemon-reload; umask 022; systemctl try-restart 'calm.service'";
    assert!(script(step).ends_with(end), "{}", script(step));
    carry_out(step, &mut state, &desired);
    assert_eq!(state.system.files[std::path::Path::new(PATH)], Some(others));
}
