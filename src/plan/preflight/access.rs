//! Whether we may do what has to be done, and will be let in again afterwards.

use super::judge::judge;
use crate::{
    facts::{
        Fact, Facts,
        login::{Login, Password},
    },
    model::desired::Desired,
    plan::finding::Finding,
};

pub(super) fn rights(desired: &Desired, facts: &Facts) -> Finding {
    let (needed, user) = ("root, or a user with sudo", &desired.login_user);
    let sudo = format!(
        "give `ssh.sudo_password` in the inventory, or let {user} use sudo without one: \
         `{user} ALL=(ALL) NOPASSWD: ALL` in a file of /etc/sudoers.d"
    );
    let again = format!("log in as {user} with ssh and see whether a plain shell starts and answers");
    match &facts.rights {
        Fact::Known(rights) if rights.uid == 0 => {
            let found =
                rights.sudo_user.as_ref().map_or("root".to_owned(), |user| format!("{user} through sudo"));
            Finding::ok("rights", found, needed)
        }
        Fact::Known(rights) => Finding::ok("rights", format!("uid {}", rights.uid), needed).failure(sudo),
        Fact::Absent => Finding::ok("rights", "nothing", needed).failure(again),
        Fact::Unreadable(why) => {
            let remedy = if why.contains("sudo") || why.contains("password") { sudo } else { again };
            Finding::ok("rights", why, needed).failure(remedy)
        }
    }
}

pub(super) fn sshd(facts: &Facts) -> Finding {
    let remedy = "`sshd -T` on the host names the line; correct it (without OpenSSH: install openssh-server)";
    judge("sshd", "a configuration that OpenSSH reads", &facts.sshd, remedy, |directives| {
        let passwords = directives.get("passwordauthentication").is_some_and(|value| value == &["yes"]);
        let found = if passwords { "readable, passwords are let in" } else { "readable, keys only" };
        Finding::ok("sshd", found, "a configuration that OpenSSH reads")
    })
}

/// Time to renew an account before it is refused. Days.
const NOTICE: i64 = 14;

/// We are in now; this is about the next login.
pub(super) fn login(desired: &Desired, facts: &Facts) -> Finding {
    let needed = "an account to which you can still log in with an SSH key";
    let remedy = format!("run `getent passwd {}` on the host", desired.login_user);
    judge("login", needed, &facts.login, &remedy, |login| {
        let pam =
            facts.sshd.known().and_then(|sshd| sshd.get("usepam")).is_none_or(|value| value == &["yes"]);
        let today = facts.clock.known().map(|clock| day(clock.epoch));
        account(login, pam.into(), today, needed)
    })
}

/// Whether sshd asks PAM, which lets a locked password pass when a key is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pam {
    Asked,
    NotAsked,
}

impl From<bool> for Pam {
    fn from(asked: bool) -> Self {
        if asked { Self::Asked } else { Self::NotAsked }
    }
}

fn account(login: &Login, pam: Pam, today: Option<i64>, needed: &str) -> Finding {
    let user = &login.user;
    let finding = |found: &str| Finding::ok("login", format!("{user}: {found}"), needed);
    let left = |day: Option<i64>| Some(day? - today?);
    if login.shell.ends_with("/nologin") || login.shell.ends_with("/false") {
        return finding(&format!("shell {}", login.shell)).failure(format!("`usermod -s /bin/bash {user}`"));
    }
    if login.password == Password::Locked && pam == Pam::NotAsked {
        return finding("locked, and sshd does not ask PAM").failure(format!("`usermod -p '*' {user}`"));
    }
    match (left(login.expires), left(login.password_expires)) {
        (Some(..=0), _) => finding("account expired").failure(format!("`chage -E -1 {user}`")),
        (_, Some(..=0)) => finding("password expired, which refuses keys too")
            .failure(format!("`chage -M 99999 {user}` and a new password, or `usermod -p '*' {user}`")),
        (Some(days @ ..NOTICE), _) => {
            finding(&format!("account expires in {days} days")).warning(format!("`chage -E -1 {user}`"))
        }
        (_, Some(days @ ..NOTICE)) => {
            finding(&format!("password expires in {days} days, which refuses keys too"))
                .warning(format!("`chage -M 99999 {user}`"))
        }
        _ if login.password == Password::Empty => {
            finding("empty password").warning(format!("`usermod -p '*' {user}`"))
        }
        _ => finding("usable"),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "days since 1970 are far below the limit")]
fn day(epoch: f64) -> i64 {
    (epoch / 86400.0).floor() as i64
}
