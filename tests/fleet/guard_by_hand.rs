//! The guard around steps made by hand: what the planner would not plan.

use std::path::PathBuf;

use pryvctl::{
    change::{Change, RoleRun},
    host::{
        Connection,
        apply::{ApplyError, Executor},
        guard::{GuardError, Moment, Terms, guarded},
    },
    model::{command, inventory::Login, secret::Secret},
    plan::step::{SshdStep, Step, StepId, Undo},
};

use super::{
    guard::{WINDOW, access, logs_in},
    world::{World, tool},
};

const NOBODY: &str = "/etc/ssh/sshd_config.d/00-nobody.conf";

/// A user that nobody has.
pub fn a_login_that_sshd_refuses(world: &World, host: &str) {
    let (ended, moments) = run(world, host, &[nobody()]);
    assert!(matches!(&ended, Err(GuardError::Healed { reason }) if reason.contains("refused")), "{ended:?}");
    assert_eq!(moments, [Moment::Armed, Moment::CutOff]);
    assert!(logs_in(world, host));
}

/// Our key is the second that is shown, and sshd then hangs up after one: the login that could show it first proves nothing.
pub fn a_key_that_comes_too_late(world: &World, host: &str) {
    let reload = "/usr/sbin/sshd -t && systemctl reload ssh";
    let change = run_as_root(format!("echo 'MaxAuthTries 1' > {NOBODY}; {reload}"));
    let undo = Undo::change(run_as_root(format!("rm -f {NOBODY}; {reload}")));
    let step =
        Step::safe(StepId::Sshd(SshdStep::Block), change, undo).guarded(command::Command::root("true"));
    let login = Login { identities: keys(world, 1), ..login(world, host, "root") };
    let (ended, moments) = run_as(world, host, &login, &[step]);
    assert!(matches!(&ended, Err(GuardError::Healed { reason }) if reason.contains("refused")), "{ended:?}");
    assert_eq!(moments, [Moment::Armed, Moment::CutOff]);
    assert!(logs_in(world, host));
}

/// The second step cannot be saved, so the first is not begun.
pub fn an_arming_that_fails(world: &World, host: &str) {
    let before = access(world, host);
    let second = nobody().guarded(command::Command::root("echo no such thing >&2; exit 7"));
    let (ended, moments) = run(world, host, &[nobody(), second]);
    let said = |cause: &ApplyError| cause.to_string().contains("exit code 7: no such thing");
    assert!(matches!(&ended, Err(GuardError::NotStarted(cause)) if said(cause)), "{ended:?}");
    assert_eq!(moments, []);
    assert_eq!(access(world, host), before);
}

fn nobody() -> Step {
    let reload = "/usr/sbin/sshd -t && systemctl reload ssh";
    let change = run_as_root(format!("echo 'AllowUsers nobodyhere' > {NOBODY}; {reload}"));
    let undo = Undo::change(run_as_root(format!("rm -f {NOBODY}; {reload}")));
    Step::safe(StepId::Sshd(SshdStep::Block), change, undo).guarded(command::Command::root("true"))
}

fn run_as_root(script: String) -> Change {
    Change::RoleRun(RoleRun::new(script))
}

fn run(world: &World, host: &str, steps: &[Step]) -> (Result<(), GuardError>, Vec<Moment>) {
    run_as(world, host, &login(world, host, "root"), steps)
}

#[tokio::main(flavor = "current_thread")]
async fn run_as(
    world: &World,
    host: &str,
    login: &Login,
    steps: &[Step],
) -> (Result<(), GuardError>, Vec<Moment>) {
    let connection = Connection::open(login).await.unwrap();
    let moments = std::cell::RefCell::new(Vec::new());
    let ended = by_hand(world, host, &connection, steps, |moment| moments.borrow_mut().push(moment)).await;
    (ended.map(drop), moments.into_inner())
}

/// Carries out steps under guard, as a run of the command does; administrators may come from anywhere.
pub async fn by_hand(
    world: &World,
    host: &str,
    session: &Connection,
    steps: &[Step],
    say: impl Fn(Moment),
) -> Result<Connection, GuardError> {
    let (address, platform) = (world.addresses(host).0.parse().unwrap(), "guard".parse().unwrap());
    let admin_networks = &["0.0.0.0/0", "::/0"].map(|network| network.parse().unwrap());
    let hands =
        Executor { session, docker: None, address, admin_networks, platform: &platform, registry: None };
    let terms = Terms { window: WINDOW, second_login: None };
    guarded(&hands, steps, terms, say).await
}

/// A connection to a host of the lab, as one of its users.
pub async fn open(world: &World, host: &str, user: &str) -> Connection {
    Connection::open(&login(world, host, user)).await.unwrap()
}

fn login(world: &World, host: &str, user: &str) -> Login {
    let password = std::fs::read_to_string(world.lab_file("secrets/sudo")).unwrap();
    Login {
        host: host.parse().unwrap(),
        address: world.addresses(host).0.parse().unwrap(),
        address6: Some(world.addresses(host).1.parse().unwrap()),
        port: 22,
        initial_port: None,
        user: user.to_owned(),
        identities: vec![world.lab_file("id_ed25519")],
        passphrase: None,
        sudo_password: Some(Secret::new(password.trim_end())),
        known_hosts: world.lab_file("known_hosts"),
        host_key: None,
        accept_new: false,
    }
}

/// Keys of which the last one opens the hosts of the lab.
pub fn keys(world: &World, strangers: usize) -> Vec<PathBuf> {
    let stranger = |number| {
        let file = world.path(&format!("stranger{number}"));
        if !file.exists() {
            tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", file.to_str().unwrap()]);
        }
        file
    };
    (0..strangers).map(stranger).chain([world.lab_file("id_ed25519")]).collect()
}
