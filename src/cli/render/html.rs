//! What controls found, as one HTML page that needs nothing else: no script, no font, no network.

use std::fmt::Write as _;

use super::controls::words;
use crate::{
    cli::gate::shown,
    fleet::outcome::Report,
    plan::control::{Assessment, Part, score::Score},
};

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;\
color:#1c2430;background:#fff}table{border-collapse:collapse;width:100%;margin:1rem 0 2rem}\
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #d9dee5}\
th{background:#f3f5f8}code{font:13px/1.4 ui-monospace,monospace;word-break:break-word}small{color:#5a6675}\
.pass{color:#136f37}.fail{color:#a81010;font-weight:600}.skipped{color:#8a5a00}.na{color:#5a6675}\
@media(prefers-color-scheme:dark){body{color:#e6eaf0;background:#14181d}th{background:#1e242c}\
th,td{border-color:#333c47}small,.na{color:#9aa6b4}.pass{color:#5fd08a}.fail{color:#ff8080}.skipped{color:#e0b050}}";

/// The page.
pub fn html(reports: &[Report]) -> String {
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>pryvctl: hardening</title>\
         <style>{STYLE}</style></head>\n<body><h1>Hardening</h1>\n"
    );
    for report in reports {
        host(report, &mut text);
    }
    text.push_str("</body></html>\n");
    text
}

fn host(report: &Report, text: &mut String) {
    let name = escaped(report.host.as_str());
    write!(text, "<h2 id=\"{name}\">{name}</h2>\n<ul>").unwrap_or_default();
    for score in Score::of(&report.controls) {
        write!(text, "<li>{}</li>", escaped(&words(&score))).unwrap_or_default();
    }
    if let Some(trouble) = report.outcome.trouble() {
        write!(text, "<li class=\"fail\">{}</li>", escaped(&trouble.message)).unwrap_or_default();
    }
    text.push_str("</ul>\n<table><thead><tr><th>Control</th><th>Level</th><th>Verdict</th><th>Evidence</th></tr></thead><tbody>\n");
    for one in &report.controls {
        row(one, text);
    }
    text.push_str("</tbody></table>\n");
}

fn row(one: &Assessment, text: &mut String) {
    let word = one.verdict.word();
    let evidence: String = match &one.reason {
        Some(reason) => escaped(reason),
        None => one.parts.iter().map(part).collect(),
    };
    writeln!(
        text,
        "<tr><td><code>{}</code><br>{}<br><small>{}<br>May break: {}</small></td><td>{}</td>\
         <td class=\"{}\">{word}</td><td>{evidence}</td></tr>",
        escaped(&one.id),
        escaped(&one.title),
        escaped(&one.refs.join(", ")),
        escaped(&one.breaks),
        u8::from(one.level),
        word.replace('/', ""),
    )
    .unwrap_or_default();
}

fn part(part: &Part) -> String {
    let Part { place, found, wanted, fits } = part;
    let class = if *fits { "pass" } else { "fail" };
    let wanted =
        if found == wanted { String::new() } else { format!(", wanted <code>{}</code>", escaped(wanted)) };
    format!("<div class=\"{class}\">{}: <code>{}</code>{wanted}</div>", escaped(place), escaped(found))
}

/// What a host says can never become part of the page.
fn escaped(text: &str) -> String {
    let escape = |letter| match letter {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        other => String::from(other),
    };
    shown(text).chars().map(escape).collect()
}
