//! The controls of the platform: where each holds, and where it does not, with what was found there.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    app::document::{ControlsDocument, PlatformControlDocument, VERSION},
    watch::live::View,
};

/// What the page shows.
#[derive(Debug, Serialize)]
pub struct ControlsPage {
    platform: String,
    hosts: usize,
    controls: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    control: PlatformControlDocument,
    /// What was found on hosts where it does not hold: the host and its parts.
    evidence: Vec<Value>,
}

/// What the page shows, what does not hold first.
pub fn page(view: &View) -> ControlsPage {
    let (known, mut evidence) = gathered(view);
    let hosts = view.hosts.values().filter(|seen| seen.look.is_some()).count();
    let mut controls: Vec<Row> = known
        .into_values()
        .map(|control| Row { evidence: evidence.remove(&control.id).unwrap_or_default(), control })
        .collect();
    controls.sort_by_key(|row| row.control.fail.is_empty());
    ControlsPage { platform: view.platform.clone(), hosts, controls }
}

/// The same for programs.
pub fn document(view: &View) -> ControlsDocument {
    ControlsDocument { version: VERSION, controls: gathered(view).0.into_values().collect() }
}

type Gathered = (BTreeMap<String, PlatformControlDocument>, BTreeMap<String, Vec<Value>>);

fn gathered(view: &View) -> Gathered {
    let (mut known, mut evidence) = Gathered::default();
    for (host, seen) in &view.hosts {
        let Some(look) = &seen.look else { continue };
        let document = look.document.value();
        for found in document["controls"].as_array().into_iter().flatten() {
            let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
            let control = known.entry(text("id")).or_insert_with(|| PlatformControlDocument {
                id: text("id"),
                title: text("title"),
                level: found["level"].as_u64().unwrap_or_default(),
                ..PlatformControlDocument::default()
            });
            let hosts = match found["verdict"].as_str() {
                Some("pass") => &mut control.pass,
                Some("fail") => {
                    let one = json!({ "host": host.as_str(), "parts": found["parts"] });
                    evidence.entry(text("id")).or_default().push(one);
                    &mut control.fail
                }
                Some("skipped") => &mut control.skipped,
                Some(_) | None => &mut control.not_applicable,
            };
            hosts.push(host.to_string());
        }
    }
    (known, evidence)
}
