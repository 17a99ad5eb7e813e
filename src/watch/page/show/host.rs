//! One host: what it is, what it is not as it should be, its containers, its course and its events.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Fault, past,
    platform::watched,
    plots::{Section, sections},
    span::Span,
};
use crate::{
    app::document::{EventDocument, WatchedDocument},
    watch::{
        live::{Sampled, Seen},
        now,
        page::Sources,
    },
};

/// How far back its events reach.
const EVENTS: Span = Span::Quarter;

/// How many of them are shown.
const LATEST: usize = 50;

/// What the page shows.
#[derive(Debug, Serialize)]
pub struct HostPage {
    platform: String,
    host: WatchedDocument,
    look: Value,
    steps: Vec<Step>,
    findings: Vec<Value>,
    containers: Vec<Value>,
    failing: Vec<Value>,
    holding: Vec<Value>,
    scores: Vec<Value>,
    span: Span,
    spans: [Span; 4],
    sections: Vec<Section>,
    events: Vec<EventDocument>,
}

/// One step that would be done, with its reasons line by line.
#[derive(Debug, Serialize)]
struct Step {
    id: String,
    guarded: bool,
    lines: Vec<Line>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Line {
    kind: &'static str,
    text: String,
}

/// Makes it.
///
/// # Errors
/// There is no such host, or the past cannot be read.
pub async fn host(sources: &Sources, name: &str, span: Span) -> Result<HostPage, Fault> {
    let view = sources.live.view();
    let seen = view.host(name).ok_or(Fault::NotFound)?;
    let curves = past::curves(sources, name, span).await?;
    let mut events = past::events(sources, Some(name), EVENTS).await?;
    events.reverse();
    events.truncate(LATEST);
    let look = seen.look.as_ref().map(|look| look.document.value()).unwrap_or_default();
    let (failing, holding) = list(&look, "controls").partition(|control| control["verdict"] == "fail");
    Ok(HostPage {
        platform: view.platform.clone(),
        host: watched(name, seen),
        steps: list(&look, "plan").map(|step| Step::of(&step)).collect(),
        findings: list(&look, "findings").filter(|finding| finding["verdict"] != "ok").collect(),
        containers: containers(&look, seen),
        failing,
        holding,
        scores: list(&look, "scores").collect(),
        span,
        spans: Span::ALL,
        sections: sections(&curves, span, now()),
        events,
        look,
    })
}

fn list(document: &Value, key: &str) -> impl Iterator<Item = Value> {
    document[key].as_array().cloned().unwrap_or_default().into_iter()
}

/// The containers as the last look found them, with what the last sample says of each.
fn containers(look: &Value, seen: &Seen) -> Vec<Value> {
    let sample = seen.sample.as_deref();
    let with_use = |mut container: Value| {
        let name = container["name"].as_str().unwrap_or_default().to_owned();
        let value = |metric| sample.and_then(|sample: &Sampled| sample.value(metric, &name));
        container["cpu"] = json!(value("container_cpu_ratio"));
        container["memory"] = json!(value("container_memory_bytes"));
        container
    };
    list(&look["facts"], "containers").map(with_use).collect()
}

impl Step {
    fn of(step: &Value) -> Self {
        let why = step["why"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Self {
            id: step["id"].as_str().unwrap_or_default().to_owned(),
            guarded: step["guarded"] == true,
            lines: why.flat_map(str::lines).map(Line::of).collect(),
        }
    }
}

impl Line {
    /// A line of a difference says by its first letter what becomes of it.
    fn of(text: &str) -> Self {
        let kind = match text.as_bytes() {
            [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] | [b'@', b'@', ..] => "head",
            [b'+', ..] => "add",
            [b'-', ..] => "cut",
            _ => "same",
        };
        Self { kind, text: text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_line_by_line() {
        let why = "--- /etc/a\n+++ /etc/a\n@@ -1 +1 @@\n-old\n+new\n same";
        let step = Step::of(&json!({ "id": "file", "guarded": true, "why": [why, "0644 becomes 0600"] }));
        let kinds: Vec<_> = step.lines.iter().map(|line| line.kind).collect();
        assert_eq!(kinds, ["head", "head", "head", "cut", "add", "same", "same"]);
        assert!(step.guarded && step.lines[4].text == "+new");
    }
}
