//! What controls found, as SARIF 2.1.0: a rule for each control, a result for each control of each host.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    fleet::outcome::Report,
    plan::control::{Assessment, Verdict},
};

/// The log, one run over all hosts.
pub fn log(reports: &[Report]) -> String {
    let all = || reports.iter().flat_map(|report| report.controls.iter().map(move |one| (report, one)));
    let rules: BTreeMap<&str, Value> = all().map(|(_, one)| (one.id.as_str(), rule(one))).collect();
    let place: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(index, id)| (*id, index)).collect();
    let results: Vec<Value> =
        all().map(|(report, one)| result(report, one, place[one.id.as_str()])).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "pryvctl",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            } },
            "results": results,
        }],
    });
    format!("{log:#}")
}

fn rule(one: &Assessment) -> Value {
    json!({
        "id": one.id,
        "shortDescription": { "text": one.title },
        "fullDescription": { "text": format!("{}. May break: {}.", one.title, one.breaks) },
        "defaultConfiguration": { "level": "warning" },
        "properties": { "level": one.level, "tags": one.refs },
    })
}

fn result(report: &Report, one: &Assessment, rule: usize) -> Value {
    let (kind, level) = match one.verdict {
        Verdict::Pass => ("pass", "none"),
        Verdict::Fail => ("fail", "warning"),
        Verdict::Skipped => ("review", "none"),
        Verdict::NotApplicable => ("notApplicable", "none"),
    };
    let evidence = one.parts.iter().filter(|part| !part.fits || one.verdict == Verdict::Pass);
    let evidence = evidence.map(|part| format!("{}: {} (wanted {})", part.place, part.found, part.wanted));
    let text = one.reason.clone().unwrap_or_else(|| evidence.collect::<Vec<_>>().join("; "));
    let text = format!("{}: {}: {text}", report.host, one.title);
    let mut result = json!({
        "ruleId": one.id,
        "ruleIndex": rule,
        "kind": kind,
        "level": level,
        "message": { "text": text },
        "locations": [{ "logicalLocations": [{ "name": report.host.as_str(), "kind": "resource" }] }],
        "partialFingerprints": { "hostAndControl/v1": format!("{}/{}", report.host, one.id) },
    });
    if one.verdict == Verdict::Skipped {
        let why = one.reason.clone().unwrap_or_default();
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted", "justification": why }]);
    }
    result
}
