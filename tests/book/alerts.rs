//! The alerts, from `hardening/alerts.yaml`.

use std::{fmt::Write as _, time::Duration};

use pryvctl::model::alert::{Condition, Limit, Rule, shipped};

use super::{cell, head};

pub fn page() -> String {
    let about = "What `pryvctl watch` sends an alert about. [Alerts](../watch.md#alerts) says how an inventory changes or mutes them. *Fires when* \
                 names the sign of a look, or the metric of a sample with its threshold; *over* is the value behind which it is over. A ratio of two \
                 metrics is a number between 0 and 1, a trend is in hours. *For* is how long it holds before the alert fires, and how long it is over \
                 before that is said.";
    let mut page = head("Alerts", "`hardening/alerts.yaml`", about);
    page += "\n| alert | severity | what is so | fires when | over | for | reminds | what to do |\n|---|---|---|---|---|---|---|---|\n";
    for rule in shipped().unwrap() {
        page += &row(rule);
    }
    page
}

fn row(rule: &Rule) -> String {
    let Rule { id, severity, limit, within, clear_for, remind, title, next, .. } = rule;
    let over = limit.map(|limit| limit.clear.to_string()).unwrap_or_default();
    let periods = if clear_for.is_zero() {
        period(*within)
    } else {
        format!("{}, {}", period(*within), period(*clear_for))
    };
    let remind = remind.map_or_else(|| "never".to_owned(), |remind| format!("every {}", period(remind)));
    let (severity, title, next) = (severity.word(), cell(title), cell(next));
    format!(
        "| `{id}` | {severity} | {title} | {} | {over} | {periods} | {remind} | {next} |\n",
        condition(rule)
    )
}

fn condition(Rule { condition, limit, .. }: &Rule) -> String {
    let (mut words, subject) = match condition {
        Condition::Sign(kind) => (format!("sign `{kind}`"), "its number is "),
        Condition::Metric { sum, of, part } => {
            let sum: Vec<String> = sum.iter().map(|metric| format!("`{metric}`")).collect();
            let of = of.as_ref().map(|of| format!(" / `{of}`")).unwrap_or_default();
            let part = part.as_ref().map(|part| format!(" of {part}")).unwrap_or_default();
            (format!("{}{of}{part}", sum.join(" + ")), "")
        }
        Condition::Trend { metric, reaches } => (format!("hours until `{metric}` reaches {reaches}"), ""),
    };
    if let Some(Limit { side, at, .. }) = limit {
        let joint = if subject.is_empty() { " " } else { ", " };
        write!(words, "{joint}{subject}{} {at}", side.word()).unwrap();
    }
    words
}

fn period(period: Duration) -> String {
    match period.as_secs() {
        0 => "at once".to_owned(),
        seconds if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

pub fn ids() -> Vec<String> {
    shipped().unwrap().iter().map(|rule| rule.id.clone()).collect()
}
