//! Reports as people read them: tables and plans, as text. Nothing here prints.

use std::{collections::BTreeMap, fmt::Write as _};

use comfy_table::{Cell, ContentArrangement, Table, presets};

use crate::{
    cli::gate::line,
    fleet::{
        journal::audit::JournalLine,
        outcome::{Outcome, Report, Trouble},
        proposal::Proposal,
    },
    model::name::HostName,
    plan::{Plan, finding::Verdict, release::part},
};

/// How much of a run is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The plans, then the outcomes.
    Plans,
    /// The outcomes.
    Outcomes,
}

/// The plan of one host.
pub fn plan(host: &HostName, plan: &Plan) -> String {
    let guarded = plan.steps.iter().filter(|step| step.risk.needs_guard()).count();
    let guard = match guarded {
        0 => String::new(),
        count => format!(", {count} under guard"),
    };
    let mut text = format!("{host}: {} steps{guard}\n", plan.steps.len());
    for step in &plan.steps {
        let mark = if step.risk.needs_guard() { '!' } else { '~' };
        writeln!(text, "  {mark} {}", line(step.id.to_string())).unwrap_or_default();
        // Each stands further in than a step, so that none can look like one.
        for why in step.why.iter().flat_map(|why| why.lines()) {
            writeln!(text, "        {why}").unwrap_or_default();
        }
        if step.look_again {
            text.push_str(NEW_LOOK);
        }
    }
    text
}

const NEW_LOOK: &str = "    After this step the host is read and planned again, because the step can make more steps necessary (files \
                        of packages, another port of sshd). These steps are applied without asking again.\n";

/// How it ended on every host.
pub fn reports(reports: &[Report], detail: Detail) -> String {
    let mut text = String::new();
    if detail == Detail::Plans {
        for report in reports.iter().filter(|report| !report.plan.is_empty()) {
            text.push_str(&plan(&report.host, &report.plan));
            text.push('\n');
        }
    }
    let timed = reports.iter().any(|report| !report.took.is_zero());
    let mut table = table(if timed { &["host", "outcome", "took", ""] } else { &["host", "outcome", ""] });
    for report in reports {
        let mut row = vec![report.host.to_string(), report.outcome.word().to_owned()];
        row.extend(timed.then(|| took(report)));
        row.push(report.outcome.summary());
        table.add_row(row);
    }
    text.push_str(&table.to_string());
    text.push_str(&troubles(reports));
    text.push_str(&failures(reports));
    text
}

/// How long a host had its turn, in seconds; nothing for one that had none.
fn took(report: &Report) -> String {
    if report.took.is_zero() { String::new() } else { format!("{:.1} s", report.took.as_secs_f64()) }
}

/// The order in which hosts will have their turns, and the hooks around them.
pub fn proposal(proposal: &Proposal) -> String {
    let mut table = table(&["batch", "role", "hosts", "wait before"]);
    for (number, batch) in (1..).zip(&proposal.batches) {
        let hosts = batch.hosts.iter().map(HostName::as_str).collect::<Vec<_>>().join(" ");
        let wait = if batch.delay.is_zero() { String::new() } else { format!("{} s", batch.delay.as_secs()) };
        table.add_row([format!("{number}"), batch.role.to_string(), hosts, wait]);
    }
    let mut text = table.to_string();
    if let Some(why) = &proposal.short {
        write!(text, "\nthe run will end there: {why}").unwrap_or_default();
    }
    for rule in &proposal.rules {
        write!(text, "\n{rule}").unwrap_or_default();
    }
    let mut hooks: BTreeMap<&String, Vec<&str>> = BTreeMap::new();
    for (host, line) in
        proposal.hosts.iter().flat_map(|(host, lines)| lines.iter().map(move |line| (host, line)))
    {
        hooks.entry(line).or_default().push(host.as_str());
    }
    for (hook, hosts) in hooks {
        write!(text, "\nhook of {}: {hook}", hosts.join(" ")).unwrap_or_default();
    }
    text
}

/// The lines of a journal: one each however long, so that they can be searched and cut.
pub fn journal(lines: &[JournalLine]) -> String {
    let text = |one: &JournalLine| {
        let host = if one.host.is_empty() { "-" } else { &one.host };
        let JournalLine { time, run, who, command, what, details, .. } = one;
        line(format!("{time}  {run}  {who}  {command}  {host}  {what}  {details}").trim_end())
    };
    lines.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// Every failure with its way out.
pub fn troubles(reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports {
        if let Some(Trouble { message, hint, details }) = report.outcome.trouble() {
            write!(text, "\n\n{}: {}", report.host, line(message)).unwrap_or_default();
            for detail in details {
                write!(text, "\n    {}", line(detail)).unwrap_or_default();
            }
            if let Some(hint) = hint {
                write!(text, "\n  hint: {}", line(hint)).unwrap_or_default();
            }
        }
    }
    text
}

/// The findings that hold a host back.
fn failures(reports: &[Report]) -> String {
    let held = reports.iter().filter(|report| report.outcome == Outcome::NotReady);
    let mut text = String::new();
    for report in held {
        for finding in report.findings.iter().filter(|finding| finding.verdict == Verdict::Failure) {
            write!(text, "\n{}: {}", report.host, line(finding)).unwrap_or_default();
        }
    }
    text
}

/// What preflight found on every host.
pub fn findings(reports: &[Report]) -> String {
    let mut table = table(&["host", "check", "verdict", "found", "needed"]);
    for report in reports {
        for finding in &report.findings {
            table.add_row([
                report.host.to_string(),
                finding.check.to_owned(),
                finding.verdict.word().to_owned(),
                line(&finding.found),
                line(&finding.needed),
            ]);
        }
    }
    let count = |wanted: Verdict| {
        let all = reports.iter().flat_map(|report| &report.findings);
        all.filter(|finding| finding.verdict == wanted).count()
    };
    let mut text = format!(
        "{table}\n\n{} ok, {} warnings, {} failures",
        count(Verdict::Ok),
        count(Verdict::Warning),
        count(Verdict::Failure)
    );
    for report in reports {
        for finding in report.findings.iter().filter(|finding| finding.verdict != Verdict::Ok) {
            if let Some(remedy) = &finding.remedy {
                let verdict = finding.verdict.word();
                write!(text, "\n{verdict}: {} {}: {}", report.host, finding.check, line(remedy))
                    .unwrap_or_default();
            }
        }
    }
    text.push_str(&unreachable(reports));
    text
}

fn unreachable(reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports {
        if let Outcome::Unreachable(trouble) = &report.outcome {
            write!(text, "\n\n{}: {}", report.host, line(&trouble.message)).unwrap_or_default();
            if let Some(hint) = &trouble.hint {
                write!(text, "\n  hint: {}", line(hint)).unwrap_or_default();
            }
        }
    }
    text
}

/// What runs on every host, what is kept for the way back, and what has drifted.
pub fn status(reports: &[Report]) -> String {
    let mut table = table(&["host", "role", "service", "image", "state", "slot"]);
    for report in reports {
        let running = report
            .facts
            .as_ref()
            .and_then(|facts| facts.containers.known())
            .map(|containers| &containers.states);
        let Some(containers) = running.filter(|containers| !containers.is_empty()) else {
            table.add_row([report.host.as_str(), "", "", "", report.outcome.word(), ""]);
            continue;
        };
        let release = report.facts.as_ref().and_then(|facts| facts.release.known());
        for container in containers {
            let part = part(container, containers, release, planned(report));
            table.add_row([
                report.host.as_str(),
                &line(&container.role),
                &line(&container.service),
                &line(&container.image),
                &line(part.words(container)),
                container.slot.map_or("", crate::model::desired::Slot::as_str),
            ]);
        }
    }
    let mut text = table.to_string();
    for report in reports {
        let drift = match report.plan.steps.len() {
            0 => continue,
            steps => steps,
        };
        write!(text, "\n{}: {drift} steps are needed to match the inventory", report.host)
            .unwrap_or_default();
        for step in &report.plan.steps {
            write!(text, "\n    {}", line(step.id.to_string())).unwrap_or_default();
        }
    }
    text.push_str(&lost(reports));
    text.push_str(&troubles(reports));
    text
}

/// The plan that a look came to, where it came to one.
fn planned(report: &Report) -> Option<&Plan> {
    matches!(report.outcome, Outcome::Unchanged | Outcome::Planned).then_some(&report.plan)
}

/// The ways back that are not whole any more.
fn lost(reports: &[Report]) -> String {
    let mut text = String::new();
    for (report, served) in
        reports.iter().flat_map(|report| report.lost().map(move |served| (report, served)))
    {
        write!(
            text,
            "\n\n{}: `rollback` cannot restore {}: its container {} no longer exists\n  hint: set the older version in \
             the inventory and run `pryvctl upgrade`",
            report.host, served.image, served.name
        )
        .unwrap_or_default();
    }
    text
}

/// A table without frames: it can be selected, pasted and cut by column.
pub fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    // A serial console has no width to tell.
    if table.width() == Some(0) {
        table.set_width(80);
    }
    table.set_header(head.iter().map(|title| Cell::new(title.to_uppercase())));
    table
}
