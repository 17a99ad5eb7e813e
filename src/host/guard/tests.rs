use std::sync::Mutex;

use super::*;
use crate::{
    change::{Change, RoleRun},
    host::{HostError, replay::Replay},
    model::name::{HostName, PlatformName},
    plan::step::{FirewallStep, StepId, Undo},
};

const WINDOW: Duration = Duration::from_secs(1);

fn step() -> Step {
    let run = |script: &str| Change::RoleRun(RoleRun::new(script));
    Step::safe(StepId::Firewall(FirewallStep::Table), run("load-new"), Undo::change(run("restore-old")))
        .guarded(Command::root("save-old"))
        .checked(Command::root("check-new"))
}

async fn run(host: &Replay) -> (Result<(), GuardError>, Vec<Moment>) {
    run_step(host, step()).await
}

async fn run_step(host: &Replay, step: Step) -> (Result<(), GuardError>, Vec<Moment>) {
    run_terms(host, step, Terms { window: WINDOW, second_login: None }).await
}

async fn run_terms(host: &Replay, step: Step, terms: Terms<'_>) -> (Result<(), GuardError>, Vec<Moment>) {
    let platform: PlatformName = "acme".parse().unwrap();
    let (address, admin) = (std::net::Ipv4Addr::LOCALHOST.into(), ["2001:db8::/32".parse().unwrap()]);
    let hands = Executor {
        session: host,
        docker: None,
        address,
        admin_networks: &admin,
        platform: &platform,
        registry: None,
    };
    let moments = Mutex::new(Vec::new());
    let ended = guarded(&hands, &[step], terms, |moment| moments.lock().unwrap().push(moment)).await;
    (ended.map(drop), moments.into_inner().unwrap())
}

/// A host up to the end of the change.
fn changed() -> Replay {
    let host = Replay::new().prints("check-new", "");
    host.prints("start pryvctl-guard.timer", "").prints("load-new", "")
}

fn no_route() -> HostError {
    let host: HostName = "reg1".parse().unwrap();
    HostError::new(&host, crate::host::Fault::NoDocker)
}

#[tokio::test]
async fn the_timer_runs_before_anything_is_changed_and_a_new_login_confirms() {
    let host = changed().reconnects(Ok(())).prints("true", "").prints("mv /var/lib/pryvctl/guard/armed", "");
    let (ended, moments) = run(&host).await;
    assert!(ended.is_ok() && host.is_over());
    assert_eq!(moments, [Moment::Armed, Moment::Confirmed]);
    let arming = &host.asked()[1];
    assert!(arming.script.contains("save-old") && arming.stdin.expose().contains("restore-old"));
}

#[tokio::test]
async fn what_the_disk_does_not_take_is_taken_back() {
    let host = changed().reconnects(Ok(())).prints("true", "");
    let host = host.fails("flush || exit 6", 6, "sync: error syncing '/etc/x': Input/output error");
    let host = host.prints("systemctl start pryvctl-guard.service", "");
    let (ended, moments) = run(&host).await;
    assert!(
        matches!(&ended, Err(GuardError::TakenBack(why)) if why.to_string().contains("/etc/x")),
        "{ended:?}"
    );
    assert!(host.is_over() && moments == [Moment::Armed]);
}

#[tokio::test]
async fn a_change_of_somebody_else_that_waits_for_its_confirmation_is_left_alone() {
    let host = Replay::new().prints("check-new", "").fails("start pryvctl-guard.timer", 5, "");
    let (ended, moments) = run(&host).await;
    assert!(matches!(ended, Err(GuardError::Taken)) && host.is_over() && moments.is_empty());
}

#[tokio::test]
async fn a_refused_check_changes_nothing_and_arms_nothing() {
    let host = Replay::new().fails("check-new", 1, "syntax error");
    let (ended, moments) = run(&host).await;
    assert!(matches!(ended, Err(GuardError::NotStarted(_))) && moments.is_empty());
}

#[tokio::test]
async fn a_failed_step_is_taken_back_at_once() {
    let host = Replay::new()
        .prints("check-new", "")
        .prints("start pryvctl-guard.timer", "")
        .fails("load-new", 1, "no")
        .prints("systemctl start pryvctl-guard.service", "");
    let (ended, _) = run(&host).await;
    assert!(matches!(ended, Err(GuardError::TakenBack(_))) && host.is_over());
}

#[tokio::test]
async fn without_a_new_login_nothing_is_confirmed_and_the_old_access_is_awaited() {
    let host = changed()
        .reconnects(Err(no_route()))
        .reconnects(Ok(()))
        .prints("[ ! -e /var/lib/pryvctl/guard/undoing ]", "");
    let (ended, moments) = run(&host).await;
    assert!(matches!(ended, Err(GuardError::Healed { .. })) && host.is_over());
    assert_eq!(moments, [Moment::Armed, Moment::CutOff]);
}

#[tokio::test]
async fn who_came_in_over_both_addresses_has_to_come_in_over_both() {
    let changed_from = |from: &str| {
        let host = Replay::new().prints("check-new", "").reconnects6(Ok(())).prints("SSH_CONNECTION", from);
        let host = host.prints("start pryvctl-guard.timer", "").prints("load-new", "");
        host.reconnects(Ok(())).prints("true", "")
    };
    let host = changed_from("2001:db8::1\n").reconnects6(Err(no_route()));
    let host = host.reconnects(Ok(())).prints("[ ! -e /var/lib/pryvctl/guard/undoing ]", "");
    let (ended, _) = run(&host).await;
    assert!(matches!(ended, Err(GuardError::Healed { .. })) && host.is_over());

    let host = changed_from("2001:db8::1\n").reconnects6(Ok(())).prints("true", "");
    let host = host.prints("mv /var/lib/pryvctl/guard/armed", "");
    let (ended, _) = run(&host).await;
    assert!(ended.is_ok() && host.is_over());

    // From there the inventory lets nobody in.
    let host = changed_from("2001:db9::1\n").prints("mv /var/lib/pryvctl/guard/armed", "");
    let (ended, _) = run(&host).await;
    assert!(ended.is_ok() && host.is_over());
}

/// A second way in that was there before the change is there after it, and means root.
#[tokio::test]
async fn a_second_login_that_opened_the_host_has_to_open_it_still() {
    let rescue = Login { user: "rescue".to_owned(), ..login() };
    let terms = Terms { window: WINDOW, second_login: Some(&rescue) };
    let before = || Replay::new().prints("check-new", "").reconnects_as("rescue", Ok(()));
    let changed = |host: Replay| {
        let host = host.prints("start pryvctl-guard.timer", "").prints("load-new", "");
        host.reconnects(Ok(())).prints("true", "")
    };
    let host = changed(before().prints("true", "")).reconnects_as("rescue", Ok(()));
    let host = host.prints("true", "").prints("mv /var/lib/pryvctl/guard/armed", "");
    let (ended, _) = run_terms(&host, step(), terms).await;
    assert!(ended.is_ok() && host.is_over());

    for closed in [Err(no_route()), Ok(())] {
        let (comes_in, host) = (closed.is_ok(), changed(before().prints("true", "")));
        let host = host.reconnects_as("rescue", closed);
        let host = if comes_in { host.fails("true", 1, "rescue is not in the sudoers file") } else { host };
        let host = host.reconnects(Ok(())).prints("[ ! -e /var/lib/pryvctl/guard/undoing ]", "");
        let (ended, _) = run_terms(&host, step(), terms).await;
        let Err(GuardError::Healed { reason }) = ended else { panic!("{ended:?}") };
        assert!(reason.contains("the `break_glass` login `rescue` no longer works"), "{reason}");
        assert!(host.is_over());
    }

    // What did not open it before proves nothing.
    let host = changed(before().fails("true", 1, "no sudo"));
    let host = host.prints("mv /var/lib/pryvctl/guard/armed", "");
    let (ended, _) = run_terms(&host, step(), terms).await;
    assert!(ended.is_ok() && host.is_over());
}

fn login() -> Login {
    Login {
        host: "reg1".parse().unwrap(),
        address: std::net::Ipv4Addr::LOCALHOST.into(),
        address6: None,
        port: 22,
        initial_port: None,
        user: "root".to_owned(),
        identities: Vec::new(),
        passphrase: None,
        sudo_password: None,
        known_hosts: "known_hosts".into(),
        host_key: None,
        accept_new: false,
    }
}

#[tokio::test]
async fn a_login_that_does_not_prove_what_it_must_confirms_nothing() {
    let host = changed()
        .reconnects(Ok(()))
        .prints("true", "")
        .fails("came-in-by-the-new-port", 1, "by the old one")
        .reconnects(Ok(()))
        .prints("[ ! -e /var/lib/pryvctl/guard/undoing ]", "");
    let step = step().proved(Command::root("came-in-by-the-new-port"));
    let (ended, _) = run_step(&host, step).await;
    let Err(GuardError::Healed { reason }) = ended else { panic!("{ended:?}") };
    assert!(reason == "by the old one" && host.is_over(), "{reason}");
}

#[tokio::test]
async fn a_late_confirmation_is_said_to_be_late() {
    let host =
        changed().reconnects(Ok(())).prints("true", "").fails("mv /var/lib/pryvctl/guard/armed", 3, "");
    let (ended, _) = run(&host).await;
    assert!(matches!(ended, Err(GuardError::TooLate)));
}
