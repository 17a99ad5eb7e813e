//! What a look finds beyond a plan, as signs, and what it does not know.

use crate::{
    fleet::{
        inspect::{Beyond, Inspected, Shown},
        outcome::Outcome,
    },
    plan::{preflight::SKEW_NOTED, scan::label},
    watch::sign::{Sign, SignKind},
};

/// A run is over long before it has held a lock for so many hours.
const LONG: f64 = 1.0;

/// The days before the end of a certificate in which it is a sign.
const SOON: i64 = 30;

const DAY: i64 = 24 * 60 * 60;

/// What was seen beyond a plan at that time, in seconds since 1970.
pub fn of_beyond(beyond: &Beyond, at: i64) -> Vec<Sign> {
    let mut signs: Vec<Sign> = beyond.shown.iter().flat_map(|shown| of_shown(shown, at)).collect();
    if let Some(ahead) = beyond.ahead.filter(|ahead| ahead.abs() > SKEW_NOTED) {
        let way = if ahead > 0.0 { "ahead of" } else { "behind" };
        let words = format!("its clock is {:.0} s {way} that of the controller", ahead.abs());
        signs.push(Sign::new(SignKind::Clock, "", words).number(ahead.abs()));
    }
    if let Some(marks) = &beyond.marks {
        let held = marks.held.iter().map(|holder| (holder, holder.held.as_secs_f64() / 3600.0));
        signs.extend(held.filter(|(_, hours)| *hours >= LONG).map(|(holder, hours)| {
            let words = format!("{} has held its lock for {hours:.1} hours", holder.owner);
            Sign::new(SignKind::Lock, "", words).number(hours)
        }));
        let paused = marks.paused.iter();
        signs.extend(
            paused.map(|by| Sign::new(SignKind::Paused, "", format!("rollouts were paused by {by}"))),
        );
    }
    signs.extend(beyond.updates.iter().filter(|updates| !updates.packages.is_empty()).map(|updates| {
        let number = updates.packages.len();
        let words = match number {
            1 => "1 package has a security update that is not installed".to_owned(),
            _ => format!("{number} packages have security updates that are not installed"),
        };
        Sign::new(SignKind::SecurityUpdates, "", words)
            .number(counted(number))
            .details(updates.packages.clone())
    }));
    signs
}

#[expect(clippy::cast_precision_loss, reason = "no host has so many packages")]
fn counted(number: usize) -> f64 {
    number as f64
}

fn of_shown(shown: &Shown, at: i64) -> Vec<Sign> {
    let mut signs = Vec::new();
    for ((protocol, port), program) in &shown.foreign {
        let port = label(*protocol, *port);
        let who = program.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let words = format!("{port}{who} answers the controller, and nobody opened it");
        signs.push(Sign::new(SignKind::ForeignPort, port, words));
    }
    for ((protocol, port), words) in &shown.silent {
        let words = words.replace(" here", " the controller");
        signs.push(Sign::new(SignKind::SilentPort, label(*protocol, *port), words));
    }
    for ((protocol, port), end) in &shown.certificates {
        let left = (end - at).div_euclid(DAY);
        if left < SOON {
            let port = label(*protocol, *port);
            let words = match left {
                ..0 => format!("the certificate at {port} has ended"),
                0 => format!("the certificate at {port} ends within a day"),
                1 => format!("the certificate at {port} ends in 1 day"),
                _ => format!("the certificate at {port} ends in {left} days"),
            };
            #[expect(clippy::cast_precision_loss, reason = "no certificate ends in so many days")]
            signs.push(Sign::new(SignKind::Certificate, port, words).number(left as f64));
        }
    }
    signs
}

/// The kinds of signs of which a look says nothing: what is not known is neither found nor over.
pub fn unseen(seen: &Inspected) -> Vec<SignKind> {
    let mut kinds = Vec::new();
    let Some(beyond) = &seen.beyond else { return kinds };
    let mut add = |is_known: bool, of: &[SignKind]| {
        if !is_known {
            kinds.extend_from_slice(of);
        }
    };
    add(beyond.shown.is_some(), &[SignKind::ForeignPort, SignKind::SilentPort, SignKind::Certificate]);
    // A port that does not answer shows no certificate.
    add(beyond.shown.as_ref().is_none_or(|shown| shown.silent.is_empty()), &[SignKind::Certificate]);
    add(beyond.ahead.is_some(), &[SignKind::Clock]);
    add(beyond.marks.is_some(), &[SignKind::Lock, SignKind::Paused]);
    add(beyond.updates.is_some(), &[SignKind::SecurityUpdates]);
    add(!matches!(seen.report.outcome, Outcome::Locked(_)), UNDER_WAY);
    add(seen.report.outcome != Outcome::NotReady, UNPLANNED);
    kinds
}

/// What may be so only because a run is under way.
pub const UNDER_WAY: &[SignKind] = &[
    SignKind::Drift,
    SignKind::Conflict,
    SignKind::Unfit,
    SignKind::Worse,
    SignKind::Control,
    SignKind::SilentPort,
];

/// What is not known of a host that does not meet its needs.
const UNPLANNED: &[SignKind] = &[SignKind::Drift, SignKind::Conflict, SignKind::Worse, SignKind::Control];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        facts::{
            Fact, Probe as _,
            mark::{Holder, Marks},
            update::SecurityUpdates,
        },
        model::{command::Output, desired::Protocol},
        watch::seen::tests::report,
    };

    const AT: i64 = 1_796_000_000;

    fn said(beyond: &Beyond) -> Vec<String> {
        let number = |sign: &Sign| sign.number.map(|number| format!(" [{number}]")).unwrap_or_default();
        of_beyond(beyond, AT)
            .iter()
            .map(|sign| format!("{} {}: {}{}", sign.kind.name(), sign.part, sign.words, number(sign)))
            .collect()
    }

    fn shown(shown: Shown) -> Beyond {
        Beyond { shown: Some(shown), ..Beyond::default() }
    }

    #[test]
    fn a_port_that_answers_and_one_that_does_not_are_signs() {
        let foreign = [((Protocol::Tcp, 9999), Some("nc".to_owned())), ((Protocol::Udp, 53), None)];
        let silent = [((Protocol::Tcp, 443), "443/tcp does not answer here: dropped by chain x".to_owned())];
        let all = Shown { foreign: foreign.into(), silent: silent.into(), ..Shown::default() };
        assert_eq!(
            said(&shown(all)),
            [
                "foreign-port 9999/tcp: 9999/tcp (nc) answers the controller, and nobody opened it",
                "foreign-port 53/udp: 53/udp answers the controller, and nobody opened it",
                "silent-port 443/tcp: 443/tcp does not answer the controller: dropped by chain x",
            ]
        );
        assert_eq!(said(&shown(Shown::default())), [""; 0]);
    }

    #[test]
    fn a_certificate_is_a_sign_in_its_last_month() {
        let ends = |days: i64| {
            let certificates = [((Protocol::Tcp, 443), AT + days * DAY + 60)].into();
            said(&shown(Shown { certificates, ..Shown::default() }))
        };
        assert_eq!(ends(30), [""; 0]);
        assert_eq!(ends(29), ["certificate 443/tcp: the certificate at 443/tcp ends in 29 days [29]"]);
        assert_eq!(ends(0), ["certificate 443/tcp: the certificate at 443/tcp ends within a day [0]"]);
        assert_eq!(ends(-2), ["certificate 443/tcp: the certificate at 443/tcp has ended [-2]"]);
    }

    #[test]
    fn a_clock_that_is_off_says_which_way() {
        let off = |ahead| said(&Beyond { ahead: Some(ahead), ..Beyond::default() });
        assert_eq!(off(-30.2), ["clock : its clock is 30 s behind that of the controller [30.2]"]);
        assert_eq!(off(4.0), ["clock : its clock is 4 s ahead of that of the controller [4]"]);
        assert_eq!(off(1.9), [""; 0]);
    }

    #[test]
    fn a_lock_is_a_sign_when_it_is_held_for_longer_than_a_run_takes() {
        let marks = |minutes: u64, paused: Option<&str>| {
            let held = Holder { owner: "anna".to_owned(), held: Duration::from_secs(minutes * 60) };
            let marks = Marks { held: Some(held), paused: paused.map(str::to_owned) };
            said(&Beyond { marks: Some(marks), ..Beyond::default() })
        };
        assert_eq!(marks(59, None), [""; 0]);
        assert_eq!(marks(90, None), ["lock : anna has held its lock for 1.5 hours [1.5]"]);
        assert_eq!(marks(1, Some("bob")), ["paused : rollouts were paused by bob"]);
    }

    #[test]
    fn security_updates_are_counted_and_named() {
        let read = |text: &str| {
            let stdout = text.to_owned();
            let output = Output { stdout, ..Output::default() };
            let Fact::Known(updates) = (SecurityUpdates { known: None }).read(&output) else { panic!() };
            Beyond { updates: Some(updates), ..Beyond::default() }
        };
        assert_eq!(said(&read("state 1\nend\n")), [""; 0]);
        let two = read("state 1\npackage libssl3\npackage curl\nend\n");
        assert_eq!(
            said(&two),
            ["security-updates : 2 packages have security updates that are not installed [2]"]
        );
        assert_eq!(of_beyond(&two, AT)[0].details, ["libssl3", "curl"]);
    }

    #[test]
    fn what_was_not_seen_is_not_over() {
        let seen = |beyond, outcome| {
            unseen(&Inspected { report: report(outcome), repairable: None, beyond, error: None })
        };
        let whole = Beyond {
            shown: Some(Shown::default()),
            ahead: Some(0.0),
            marks: Some(Marks::default()),
            updates: Some(crate::facts::update::Updates::default()),
        };
        assert_eq!(seen(Some(whole.clone()), Outcome::Unchanged), []);
        let blind = Beyond { shown: None, ..whole.clone() };
        let ports = seen(Some(blind), Outcome::Unchanged);
        assert!(ports.contains(&SignKind::ForeignPort) && !ports.contains(&SignKind::Clock));
        let locked = seen(Some(whole.clone()), Outcome::Locked(crate::fleet::outcome::Trouble::default()));
        assert!(locked.contains(&SignKind::Drift) && !locked.contains(&SignKind::ForeignPort));
        let unfit = seen(Some(whole.clone()), Outcome::NotReady);
        assert!(unfit.contains(&SignKind::Drift) && !unfit.contains(&SignKind::Unfit));
        let silent = [((Protocol::Tcp, 443), "443/tcp does not answer here".to_owned())].into();
        let silent = Beyond { shown: Some(Shown { silent, ..Shown::default() }), ..whole };
        assert_eq!(seen(Some(silent), Outcome::Unchanged), [SignKind::Certificate]);
    }
}
