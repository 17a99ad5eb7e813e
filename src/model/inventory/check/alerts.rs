//! The alerts of `watch`: those that are changed or muted must be there, and whoever is told must be reachable safely.

use std::path::Path;

use super::receiver;
use crate::model::{
    alert::{Rule, shipped, tuned::tuned},
    inventory::{Inventory, Mail, Mute, Notify},
    nearest::suggest,
    problem::{Place, Problem},
    selector::Selector,
};

pub fn check(inventory: &Inventory) -> Vec<Problem> {
    let rules = match shipped() {
        Ok(rules) => rules,
        Err(problems) => return problems,
    };
    let mut problems = tunings(inventory, rules);
    for (index, mute) in inventory.watch.mute.iter().enumerate() {
        let place = |key: &str| inventory.place(&["watch", "mute", &index.to_string(), key]);
        problems.extend(muted(inventory, rules, mute, &place));
    }
    for (index, notify) in inventory.watch.notify.iter().enumerate() {
        let place = |key: &str| inventory.place(&["watch", "notify", &index.to_string(), notify.word(), key]);
        problems.extend(receiver::secret(inventory, notify.secret(), &place));
        problems.extend(match notify {
            Notify::Webhook(webhook) => receiver::url(&webhook.url, "alerts", &place),
            Notify::Mail(mail) => addresses(mail, &place),
            Notify::Command(words) => {
                let at = inventory.place(&["watch", "notify", &index.to_string(), "command"]);
                command(words).map(|problem| problem.at(at))
            }
        });
    }
    problems
}

fn unknown(id: &str, rules: &[Rule]) -> Option<Problem> {
    let ids = rules.iter().map(|rule| rule.id.as_str());
    let problem = || Problem::error("alert.unknown", format!("there is no alert `{id}`"));
    (!rules.iter().any(|rule| rule.id == id)).then(|| problem().hint(suggest(id, ids)))
}

fn tunings(inventory: &Inventory, rules: &[Rule]) -> Vec<Problem> {
    let all = inventory.watch.alerts.iter();
    let wrong = all.filter_map(|(id, tuning)| {
        let problem = match rules.iter().find(|rule| rule.id == *id) {
            None => unknown(id, rules),
            Some(rule) => tuned(rule, tuning).err().map(|why| {
                let limit = rule.limit.map(|limit| (limit.side.word(), limit.at));
                let problem = Problem::error("alert.threshold", format!("alert `{id}`: {why}"));
                problem.hint(limit.map_or_else(
                    || "leave out `threshold` and `clear`".to_owned(),
                    |(side, at)| format!("the alert fires {side} its threshold, which is {at} by default"),
                ))
            }),
        };
        problem.map(|problem| problem.at(inventory.place(&["watch", "alerts", id])))
    });
    wrong.collect()
}

fn muted(
    inventory: &Inventory,
    rules: &[Rule],
    mute: &Mute,
    place: &dyn Fn(&str) -> Option<Place>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(alert) = &mute.alert {
        problems.extend(unknown(&alert.value, rules).map(|problem| problem.at(Place::from(alert))));
    }
    for pattern in &mute.hosts {
        let selector = Selector { hosts: vec![pattern.value.clone()], ..Selector::default() };
        problems.extend(selector.select(inventory).err().map(|problem| problem.at(Place::from(pattern))));
    }
    if mute.reason.trim().is_empty() {
        let problem = Problem::error("mute.reason", "an alert is muted without a `reason`");
        problems.push(problem.hint("write the reason; `pryvctl alerts` shows it").at(place("reason")));
    }
    problems
}

fn addresses(mail: &Mail, place: &dyn Fn(&str) -> Option<Place>) -> Option<Problem> {
    let is_address = |text: &str| {
        let inner = text.rsplit_once('<').map_or(text, |(_, inner)| inner.trim_end_matches('>'));
        inner.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && !host.is_empty() && !inner.contains(char::is_whitespace)
        })
    };
    let all = std::iter::once(("from", &mail.from)).chain(mail.to.iter().map(|to| ("to", to)));
    let wrong = all.into_iter().find(|(_, address)| !is_address(address)).map(|(key, address)| {
        let problem = Problem::error("mail.address", format!("`{address}` is no e-mail address"));
        problem.hint("write `name@example.org` or `Name <name@example.org>`").at(place(key))
    });
    let lonely = || {
        let problem = Problem::error("mail.address", "the mail is for nobody");
        problem.hint("write an address, as in `to: [ops@example.org]`").at(place("to"))
    };
    let half = || {
        let problem = Problem::error("mail.login", "`username` and `password` belong together");
        problem.hint("write both, or none of them").at(place("username").or_else(|| place("password")))
    };
    wrong
        .or_else(|| mail.to.is_empty().then(lonely))
        .or_else(|| (mail.username.is_some() != mail.password.is_some()).then(half))
}

fn command(words: &[String]) -> Option<Problem> {
    let problem = |message: &str| {
        Problem::error("notify.command", message).hint(
            "write the absolute path of a program and its arguments, as in `[/usr/local/bin/page, on-call]`",
        )
    };
    match words.first() {
        None => Some(problem("there is no command")),
        Some(program) if !Path::new(program).is_absolute() => {
            Some(problem(&format!("`{program}` is not an absolute path")))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::Until;

    const TEXT: &str = "\
platform: acme
domain: acme.test
admin_networks: [192.0.2.0/24]
secrets: { hook: { env: HOOK } }
zones: { eu: {} }
hosts:
  co1: { address: 203.0.113.1, zone: eu, roles: [core] }
watch:
";

    /// What is wrong with a text, and on which line below `watch`.
    fn found(watch: &str) -> Vec<(usize, Problem)> {
        let text = format!("{TEXT}{watch}");
        let problems = match Inventory::parse(&text) {
            Ok(inventory) => check(&inventory),
            Err(problems) => problems,
        };
        let line = |problem: &Problem| text[..problem.at.unwrap().offset].matches('\n').count() - 7;
        problems.into_iter().map(|problem| (line(&problem), problem)).collect()
    }

    fn broken(watch: &str) -> Vec<(usize, &'static str)> {
        found(watch).into_iter().map(|(line, problem)| (line, problem.rule)).collect()
    }

    #[test]
    fn what_is_sound_passes() {
        let text = "
  alerts: { disk-full: { threshold: 0.1, clear: 0.2, for: 10m, severity: warning }, drift: { for: 1h30m } }
  mute:
    - { alert: load, hosts: ['co*'], reason: A long calculation, until: 2027-01-31 }
    - { reason: The data centre moves, until: 2027-01-31T18:00:00Z }
  notify:
    - webhook: { url: 'https://hooks.example.org/x', secret: hook }
    - webhook: { url: 'http://[::1]:9000/x' }
    - mail: { server: mail.example.org, from: Watch <watch@example.org>, to: [ops@example.org] }
    - command: [/usr/local/bin/page]
";
        assert_eq!(found(text), []);
        let Until(day) = Until::try_from("2027-01-31".to_owned()).unwrap();
        assert_eq!(Until::try_from("2027-02-01T00:00:00Z".to_owned()), Ok(Until(day)));
    }

    #[test]
    fn an_alert_that_is_changed_must_be_there_and_have_what_is_changed() {
        let text = "  alerts: { disk-ful: {}, drift: { threshold: 1 }, load: { clear: 9 } }\n";
        assert_eq!(broken(text), [(1, "alert.unknown"), (1, "alert.threshold"), (1, "alert.threshold")]);
        let hints: Vec<_> = found(text).into_iter().filter_map(|(_, problem)| problem.hint).collect();
        assert_eq!(hints[0], "did you mean `disk-full`?");
        assert_eq!(hints[2], "the alert fires above its threshold, which is 4 by default");
        let text = "  alerts: { load: { for: soon, threshold: much } }\n";
        assert_eq!(broken(text), [(1, "period.invalid"), (1, "figure.invalid")]);
    }

    #[test]
    fn a_mute_has_a_reason_and_an_end() {
        let text = "  mute:\n    - { alert: lod, hosts: [co9], reason: ' ', until: 2027-01-31 }\n";
        assert_eq!(broken(text), [(2, "alert.unknown"), (2, "selector.unmatched"), (2, "mute.reason")]);
        assert_eq!(broken("  mute: [{ alert: load, until: 2027-01-31 }]\n"), [(1, "key.missing")]);
        assert_eq!(broken("  mute: [{ alert: load, reason: x }]\n"), [(1, "key.missing")]);
        assert_eq!(broken("  mute: [{ reason: x, until: tomorrow }]\n"), [(1, "moment.invalid")]);
    }

    #[test]
    fn whoever_is_told_is_told_safely() {
        let text = "
  notify:
    - webhook: { url: 'http://hooks.example.org/', secret: hok }
    - webhook: { url: 'ftp://x/' }
    - mail: { server: m, from: watch, to: [a@b] }
    - mail: { server: m, from: a@b, to: [] }
    - mail: { server: m, from: a@b, to: [a@b], username: u }
    - command: [page]
    - command: []
";
        let mail = "mail.address";
        let expected = [(3, "secret.unknown"), (3, "watch.url"), (4, "watch.url"), (5, mail), (6, mail)];
        assert_eq!(broken(text)[..5], expected);
        assert_eq!(broken(text)[5..], [(7, "mail.login"), (8, "notify.command"), (9, "notify.command")]);
        let text = "  notify:\n    - mial: {}\n    - webhook\n    - {}\n";
        assert_eq!(broken(text), [(2, "key.unknown"), (3, "value.form"), (4, "value.form")]);
    }
}
