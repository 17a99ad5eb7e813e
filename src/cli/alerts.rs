//! `alerts`: what fires now, and whether messages arrive.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    args::{Format, InventoryFile},
    gate,
    halt::Halt,
    project::load,
    render::tables::table,
    report::Screen,
};
use crate::{
    app::{
        exit::Exit,
        project::{Missing, Project},
    },
    model::alert::Rule,
    watch::{
        alert::{Alert, Ground, Key, Phase, message::Message, rules},
        history::{History, Waiting, place},
        moment,
        notify::Notifier,
        now,
    },
};

/// Which alerts are shown.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Alerts {
    /// What else to do.
    #[command(subcommand)]
    pub action: Option<Action>,
    /// The inventory.
    #[command(flatten)]
    pub file: Option<InventoryFile>,
    /// The database that `watch` keeps. Default: pryvctl/history.db in your state directory, ~/.local/state.
    #[arg(long, value_name = "FILE", env = "PRYVCTL_HISTORY", hide_env = true)]
    pub history: Option<PathBuf>,
}

/// What else there is to do with alerts.
#[derive(Debug, Clone, Subcommand)]
pub enum Action {
    /// Send a test message to each notifier of the inventory, and show what each answered.
    Test(InventoryFile),
}

/// What `alerts` prints.
pub const FORMS: &str = "pending: the cause is there, but not for long enough to tell you. firing: you were told. clearing: the \
    cause is gone, but not for long enough to call it over. Muted alerts are shown, and nobody is told. With `-o json` the result is one object. `alerts test` ends \
    with 8 if a notifier failed.";

/// Shows or tries them.
pub async fn run(command: &Alerts, screen: &Screen) -> Result<Exit, Halt> {
    match (&command.action, &command.file) {
        (Some(Action::Test(file)), _) => test(&load(file, Missing::Refused, screen)?, screen).await,
        (None, Some(file)) => {
            let project = load(file, Missing::Warned, screen)?;
            let history = History::read(&place(command.history.as_ref())?)?;
            show(&project, &history, screen)
        }
        // clap refuses it.
        (None, None) => Err(Halt::new(
            Exit::Usage,
            "no inventory is named",
            Some("write `pryvctl alerts INVENTORY`".to_owned()),
        )),
    }
}

/// One alert, for programs.
#[derive(Debug, Serialize)]
struct Row {
    alert: String,
    severity: &'static str,
    state: &'static str,
    host: String,
    part: String,
    since: String,
    words: String,
    /// What to do next.
    hint: String,
    /// Why nobody is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    muted: Option<String>,
    /// Until when nobody is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

fn show(project: &Project, history: &History, screen: &Screen) -> Result<Exit, Halt> {
    let (rules, ground) = (rules(&project.inventory), Ground::of(&project.inventory));
    let found = rows(history.alerts()?, &rules, &ground, now());
    let waiting = history.waiting()?;
    match screen.format() {
        Format::Text => {
            screen.result(text(&found));
            waiting.iter().for_each(|one| screen.note(behind(one)));
        }
        Format::Json | Format::Yaml => {
            let waiting = waiting.iter().map(|Waiting { notifier, messages, error }| {
                serde_json::json!({ "notifier": notifier, "messages": messages, "error": error })
            });
            let waiting: Vec<_> = waiting.collect();
            screen.json(&serde_json::json!({ "alerts": found, "waiting": waiting }).to_string());
        }
    }
    Ok(Exit::Done)
}

/// Those of the inventory's hosts, what fires first, and of that what is most urgent.
fn rows(kept: Vec<(Key, Alert)>, rules: &[Rule], ground: &Ground, now: i64) -> Vec<Row> {
    let ours = kept.iter().filter(|(key, _)| ground.zones.contains_key(&key.host));
    let with_rule = ours.filter_map(|(key, alert)| {
        let rule = rules.iter().find(|rule| rule.id == key.rule)?;
        Some((key, alert, rule))
    });
    let mut sorted: Vec<_> = with_rule.collect();
    sorted.sort_by_key(|(_, alert, rule)| {
        (alert.phase() == Phase::Pending, std::cmp::Reverse(rule.severity), alert.began)
    });
    let row = |(key, alert, rule): (&Key, &Alert, &Rule)| {
        let muted = ground.muted(&key.rule, &key.host, now);
        Row {
            alert: key.rule.clone(),
            severity: rule.severity.word(),
            state: alert.phase().word(),
            host: key.host.to_string(),
            part: key.part.clone(),
            since: moment(alert.began),
            words: alert.words.clone(),
            hint: rule.next.clone(),
            muted: muted.map(|silence| silence.reason.clone()),
            until: muted.map(|silence| moment(silence.until)),
        }
    };
    sorted.into_iter().map(row).collect()
}

fn text(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "no alert".to_owned();
    }
    let mut table = table(&["state", "severity", "alert", "host", "part", "since", "what it is"]);
    for Row { alert, severity, state, host, part, since, words, muted, until, .. } in rows {
        let state = match (muted, until) {
            (Some(reason), Some(until)) => format!("{state}, muted until {until}: {}", gate::line(reason)),
            (_, _) => (*state).to_owned(),
        };
        let (part, words) = (gate::line(part), gate::line(words));
        table.add_row([state.as_str(), *severity, alert, host, &part, since, &words]);
    }
    table.to_string()
}

fn behind(Waiting { notifier, messages, error }: &Waiting) -> String {
    let why = if error.is_empty() { String::new() } else { format!(": {}", gate::line(error)) };
    format!("{} has {messages} messages to deliver{why}", gate::line(notifier))
}

async fn test(project: &Project, screen: &Screen) -> Result<Exit, Halt> {
    let notifiers = Notifier::all(&project.inventory, &project.material);
    if notifiers.is_empty() {
        let hint =
            "add a webhook, a mail or a command under `notify` of `watch`; in a lab it takes --real-secrets";
        return Err(Halt::new(Exit::Usage, "the inventory has no notifier", Some(hint.to_owned())));
    }
    let message = Message::test(project.inventory.platform.as_str(), now());
    let body = serde_json::to_string(&message).unwrap_or_default();
    let mut answers = Vec::new();
    for notifier in &notifiers {
        answers.push((notifier.name.clone(), notifier.send(&message, &body).await));
    }
    let failed = answers.iter().any(|(_, answer)| answer.is_err());
    match screen.format() {
        Format::Text => screen.result(answered(&answers)),
        Format::Json | Format::Yaml => {
            let rows = answers.iter().map(|(name, answer)| {
                let (delivered, words) = (answer.is_ok(), answer.as_ref().unwrap_or_else(|error| error));
                serde_json::json!({ "notifier": name, "delivered": delivered, "answer": words })
            });
            screen.json(&serde_json::Value::Array(rows.collect()).to_string());
        }
    }
    Ok(if failed { Exit::Unreachable } else { Exit::Done })
}

fn answered(answers: &[(String, Result<String, String>)]) -> String {
    let mut table = table(&["notifier", "outcome", "answer"]);
    for (name, answer) in answers {
        let (outcome, words) = match answer {
            Ok(words) => ("delivered", words),
            Err(words) => ("failed", words),
        };
        table.add_row([gate::line(name), outcome.to_owned(), gate::line(words)]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{alert::shipped, name::HostName},
        watch::alert::Silence,
    };

    fn alert(rule: &str, host: &str, part: &str, fired: Option<i64>) -> (Key, Alert) {
        let key = Key { rule: rule.to_owned(), host: host.parse().unwrap(), part: part.to_owned() };
        let words = format!("words of {rule}");
        (key, Alert { began: 1_796_027_400, fired, told: fired, over: None, words, number: None })
    }

    #[test]
    fn what_fires_and_is_urgent_comes_first() {
        let hosts = ["co1", "co2"].map(|host| host.parse::<HostName>().unwrap());
        let silence = Silence {
            rule: Some("drift".to_owned()),
            hosts: hosts.clone().into(),
            until: 1_796_100_000,
            reason: "A migration".to_owned(),
        };
        let zones = hosts.map(|host| (host, "eu".to_owned())).into();
        let ground = Ground { platform: "acme".to_owned(), zones, silences: vec![silence] };
        let kept = vec![
            alert("disk-full", "co2", "/", None),
            alert("drift", "co1", "", Some(1)),
            alert("host-away", "co2", "", Some(1)),
            alert("host-away", "elsewhere", "", Some(1)),
        ];
        let rows = rows(kept, shipped().unwrap(), &ground, 1_796_030_000);
        let order: Vec<_> = rows.iter().map(|row| (row.alert.as_str(), row.state)).collect();
        assert_eq!(order, [("host-away", "firing"), ("drift", "firing"), ("disk-full", "pending")]);
        let text = text(&rows);
        assert!(text.contains("firing, muted until 2026-12-01T04:40:00Z: A migration"), "{text}");
        assert_eq!(super::text(&[]), "no alert");
    }

    #[test]
    fn each_notifier_says_what_it_answered() {
        let answers = [
            ("webhook hooks.example.org (1a2b)".to_owned(), Ok("204 No Content".to_owned())),
            ("mail ops@example.org (3c4d)".to_owned(), Err("mail.example.org: \u{1b}[2J".to_owned())),
        ];
        let text = answered(&answers);
        assert!(text.contains("webhook hooks.example.org (1a2b)  delivered  204 No Content"), "{text}");
        assert!(text.contains(r"failed     mail.example.org: \x1b[2J"), "{text}");
    }
}
