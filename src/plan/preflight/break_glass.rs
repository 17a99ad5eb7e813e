//! The second way in: passwords are only switched off where somebody still gets in on the day on which our key does not.

use std::collections::BTreeMap;

use crate::{
    facts::Fact,
    model::desired::Desired,
    plan::{Goal, finding::Finding, sshd},
};

/// The name of the check.
pub const CHECK: &str = "break-glass";

const NEEDED: &str = "a second way into the host (`break_glass`) before pryvctl turns off password logins";

/// What is asked about a second way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondWay {
    /// Where there is none, passwords are left alone, and with them the host.
    Needed,
    /// Somebody said that there need not be one.
    Waived,
    /// Nothing, because nothing is to be changed.
    NotAsked,
}

impl SecondWay {
    /// Whether anything is said about a host, which shows this for `sshd -T`: where no password opens it now, or where one
    /// still will, nothing is.
    pub fn is_asked(self, goal: Goal, desired: &Desired, sshd: &Fact<BTreeMap<String, Vec<String>>>) -> bool {
        let closes = || sshd.known().is_some_and(|found| sshd::closes_passwords(desired, found));
        self != Self::NotAsked && goal.closes_doors() && closes()
    }
}

/// What is known of a second way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nobody named one.
    Nothing,
    /// A note for people; nobody else can try it.
    Console(String),
    /// This user came in and became root.
    BecameRoot(String),
    /// The second login did not come through, or could not become root.
    Refused(String),
    /// Somebody said that there need not be one, so it was not looked for.
    Waived,
}

/// What is said about a host whose passwords are to be switched off.
pub fn judge(found: &Found) -> Finding {
    let closes = |rest: &str| Finding::ok(CHECK, format!("password login is enabled, and {rest}"), NEEDED);
    let waive = "pass --no-break-glass";
    match found {
        Found::Console(note) => Finding::ok(CHECK, note, NEEDED),
        Found::BecameRoot(user) => Finding::ok(CHECK, format!("a login as {user}, which can become root"), NEEDED),
        Found::Nothing => closes("no `break_glass` access is configured")
            .failure(format!("add `break_glass` to the inventory, or {waive}")),
        Found::Refused(why) => closes(&format!("the `break_glass` login failed: {why}"))
            .failure(format!("allow this login and its sudo (`sudo_password` if sudo asks for one), set another `break_glass` in the inventory, or {waive}")),
        Found::Waived => closes("`break_glass` access was not checked")
            .warning("add `break_glass` to the inventory, and do not pass --no-break-glass"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{fixture, uninstall::Volumes};

    fn found(passwords: &str, codes: &str) -> Fact<BTreeMap<String, Vec<String>>> {
        let words = [("passwordauthentication", passwords), ("kbdinteractiveauthentication", codes)];
        Fact::Known(words.map(|(name, value)| (name.to_owned(), vec![value.to_owned()])).into())
    }

    #[test]
    fn it_is_asked_where_a_password_opens_now_and_no_more_afterwards() {
        let mut desired = fixture::desired();
        let asked = |desired: &Desired, found| SecondWay::Needed.is_asked(Goal::Harden, desired, &found);
        assert!(asked(&desired, found("yes", "no")));
        assert!(!asked(&desired, found("no", "no")), "they are off already");
        assert!(!asked(&desired, found("no", "yes")), "codes are not touched by these controls");
        assert!(!asked(&desired, Fact::Absent));
        desired.hardening.skipped.insert("sshd.keys-only".to_owned(), "not yet".to_owned());
        assert!(!asked(&desired, found("yes", "no")), "they stay on");
    }

    #[test]
    fn the_shipped_controls_close_codes_too() {
        let known = crate::model::control::Controls::shipped().unwrap();
        let hardening = crate::model::control::Hardening { known, ..Default::default() };
        let desired = Desired { hardening, ..fixture::desired() };
        let asked = |found| SecondWay::Needed.is_asked(Goal::Install, &desired, &found);
        assert!(asked(found("yes", "no")) && asked(found("no", "yes")) && !asked(found("no", "no")));
    }

    #[test]
    fn it_is_asked_where_doors_are_closed_and_nowhere_else() {
        let (desired, open) = (fixture::desired(), found("yes", "yes"));
        let asked = |way: SecondWay, goal| way.is_asked(goal, &desired, &open);
        for goal in [Goal::Harden, Goal::Install] {
            assert!(asked(SecondWay::Needed, goal) && asked(SecondWay::Waived, goal));
            assert!(!asked(SecondWay::NotAsked, goal));
        }
        for goal in [Goal::Revert, Goal::Rollback, Goal::Uninstall(Volumes::Keep)] {
            assert!(!asked(SecondWay::Needed, goal));
        }
    }

    #[test]
    fn every_answer_is_told_with_its_way_out() {
        let refused = "login as `rescue` refused; tried /root/.ssh/rescue".to_owned();
        let answers = [
            Found::Nothing,
            Found::Refused(refused),
            Found::Waived,
            Found::Console("The serial console".to_owned()),
            Found::BecameRoot("rescue".to_owned()),
        ];
        let told = answers.map(|answer| judge(&answer));
        let lines = told.each_ref().map(ToString::to_string).join("\n");
        insta::assert_snapshot!(lines, @r"
        failure break-glass: found password login is enabled, and no `break_glass` access is configured, needed a second way into the host (`break_glass`) before pryvctl turns off password logins; add `break_glass` to the inventory, or pass --no-break-glass
        failure break-glass: found password login is enabled, and the `break_glass` login failed: login as `rescue` refused; tried /root/.ssh/rescue, needed a second way into the host (`break_glass`) before pryvctl turns off password logins; allow this login and its sudo (`sudo_password` if sudo asks for one), set another `break_glass` in the inventory, or pass --no-break-glass
        warning break-glass: found password login is enabled, and `break_glass` access was not checked, needed a second way into the host (`break_glass`) before pryvctl turns off password logins; add `break_glass` to the inventory, and do not pass --no-break-glass
        ok break-glass: found The serial console, needed a second way into the host (`break_glass`) before pryvctl turns off password logins
        ok break-glass: found a login as rescue, which can become root, needed a second way into the host (`break_glass`) before pryvctl turns off password logins
        ");
        for goal in [Goal::Harden, Goal::Install] {
            let stopped = told.each_ref().map(|finding| goal.is_stopped_by(finding));
            assert_eq!(stopped, [true, true, false, false, false]);
        }
    }
}
