//! Where every host of a run stands: a row a host, a column a stage, for a terminal of any size.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    fleet::event::What,
    model::name::HostName,
    plan::step::{BackStep, ReleaseStep, ServicesStep, StepId},
};

/// The stages of a host's turn, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Look,
    System,
    Files,
    Pull,
    Start,
    Watch,
    Clean,
}

const STAGES: [(Stage, &str); 7] = [
    (Stage::Look, "LOOK"),
    (Stage::System, "SYSTEM"),
    (Stage::Files, "FILES"),
    (Stage::Pull, "PULL"),
    (Stage::Start, "START"),
    (Stage::Watch, "WATCH"),
    (Stage::Clean, "CLEAN"),
];

impl Stage {
    /// The stage of a step.
    fn of(step: &StepId) -> Self {
        match step {
            StepId::Services(ServicesStep::Watch) => Self::Watch,
            StepId::Services(ServicesStep::Drain)
            | StepId::Release(ReleaseStep::End)
            | StepId::Leftover(_) => Self::Clean,
            StepId::Image(_) => Self::Pull,
            StepId::Back(BackStep::File(_) | BackStep::Folder(_))
            | StepId::Folder(_)
            | StepId::File(_)
            | StepId::Network(_)
            | StepId::Volume(_)
            | StepId::Release(ReleaseStep::Keep | ReleaseStep::Forget)
            | StepId::Reload(_)
            | StepId::Written(_) => Self::Files,
            StepId::Service(..)
            | StepId::Services(
                ServicesStep::Table
                | ServicesStep::File
                | ServicesStep::Unit
                | ServicesStep::Boot
                | ServicesStep::Retire
                | ServicesStep::Aside
                | ServicesStep::CutOver,
            )
            | StepId::Back(BackStep::Data(_) | BackStep::Start | BackStep::Healthy | BackStep::Reload(_)) => {
                Self::Start
            }
            StepId::Packages(_)
            | StepId::Engine(_)
            | StepId::Registry(_)
            | StepId::Firewall(_)
            | StepId::Sshd(_)
            | StepId::Originals(_)
            | StepId::Control(_)
            | StepId::Undo(_) => Self::System,
        }
    }
}

/// How a host's turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Good,
    Bad,
}

#[derive(Debug, Default)]
struct Row {
    heard: BTreeSet<Stage>,
    now: Option<Stage>,
    words: String,
    end: Option<End>,
    /// When it was last heard of, counted in events.
    last: usize,
}

impl Row {
    fn enter(&mut self, stage: Stage) {
        self.heard.insert(stage);
        self.now = Some(stage);
    }

    fn mark(&self, stage: Stage) -> &'static str {
        match (self.now == Some(stage), self.end) {
            (true, None) => "▸",
            (true, Some(End::Bad)) => "✗",
            (_, _) if self.heard.contains(&stage) => "✓",
            (_, Some(_)) => " ",
            (_, None) => "·",
        }
    }
}

/// Every host that was heard of.
#[derive(Debug, Default)]
pub struct Standings {
    rows: BTreeMap<HostName, Row>,
    events: usize,
}

impl Standings {
    /// Takes in what happened on a host, and how that is said.
    pub fn hear(&mut self, host: HostName, what: &What, words: String) {
        self.events += 1;
        let row = self.rows.entry(host).or_default();
        row.last = self.events;
        row.words = words;
        match what {
            What::Connecting | What::Surveying => row.enter(Stage::Look),
            What::Step { id, .. } => row.enter(Stage::of(id)),
            What::Watching { .. } => row.enter(Stage::Watch),
            What::Finished { well, .. } => row.end = Some(if *well { End::Good } else { End::Bad }),
            What::Begun { .. }
            | What::Batch { .. }
            | What::Hook { .. }
            | What::HookLeft { .. }
            | What::StepEnded { .. }
            | What::Anchored(_)
            | What::Unanchored { .. }
            | What::Lab { .. }
            | What::Armed { .. }
            | What::Confirmed
            | What::CutOff { .. }
            | What::Scanned { .. }
            | What::Blind { .. }
            | What::EngineAway { .. }
            | What::LookingAgain { .. }
            | What::GoingBack { .. }
            | What::Paused { .. }
            | What::Resumed
            | What::Stopping { .. }
            | What::Ended { .. } => {}
        }
    }

    /// The table on so many columns and lines. Where not every host has a line, those have one that failed, and then
    /// those of which something was heard last.
    pub fn text(&self, columns: usize, lines: usize) -> String {
        let room = lines.saturating_sub(3).max(1);
        let mut shown: Vec<(&HostName, &Row)> = self.rows.iter().collect();
        shown.sort_by_key(|(_, row)| {
            (row.end != Some(End::Bad), row.end == Some(End::Good), Reverse(row.last))
        });
        shown.truncate(room);
        shown.sort_by_key(|(host, _)| *host);
        let widest = shown.iter().map(|(host, _)| host.as_str().len()).max().unwrap_or_default().max(4);
        let head = STAGES.map(|(_, name)| name).join("  ");
        let mut text = vec![format!(" {:<widest$}  {head}", "HOST")];
        text.extend(shown.iter().map(|(host, row)| {
            let cells = STAGES.map(|(stage, name)| format!("{:^1$}", row.mark(stage), name.len()));
            format!(" {:<widest$}  {}  {}", host.as_str(), cells.join("  "), row.words)
        }));
        text.push(self.counts(self.rows.len() - shown.len()));
        let cut = |line: String| line.chars().take(columns.saturating_sub(1)).collect::<String>();
        text.into_iter().map(|line| cut(line).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    fn counts(&self, hidden: usize) -> String {
        let ended = |end: Option<End>| self.rows.values().filter(|row| row.end == end).count();
        let counts = [
            (ended(None), "in progress"),
            (ended(Some(End::Good)), "done"),
            (ended(Some(End::Bad)), "failed"),
            (hidden, "not shown"),
        ];
        let said =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        format!(" {}", said.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::step::{PackagesStep, ServiceStep};

    fn step(id: StepId) -> What {
        What::Step { number: 1, of: 9, id }
    }

    fn start() -> StepId {
        StepId::Service("core".to_owned(), ServiceStep::Start)
    }

    fn finished(outcome: &str, well: bool) -> What {
        What::Finished { outcome: outcome.to_owned(), well }
    }

    fn hear(standings: &mut Standings, host: &str, what: &What, words: &str) {
        standings.hear(host.parse().unwrap(), what, words.to_owned());
    }

    #[test]
    fn three_hosts() {
        let mut standings = Standings::default();
        for host in ["reg1", "co1", "web1"] {
            hear(&mut standings, host, &What::Connecting, "logging in");
        }
        let packages = StepId::Packages(PackagesStep::Commands);
        let file = StepId::File("/var/pryv/core.yml".into());
        for id in [packages, file, StepId::Image("core".to_owned()), start()] {
            let words = format!("4/9 {id}");
            hear(&mut standings, "co1", &step(id), &words);
        }
        hear(&mut standings, "reg1", &finished("unchanged", true), "unchanged");
        hear(&mut standings, "web1", &step(StepId::Image("nginx".to_owned())), "1/9 image.nginx");
        hear(&mut standings, "web1", &finished("failed", false), "failed");
        insta::assert_snapshot!(standings.text(80, 24), @r"
        HOST  LOOK  SYSTEM  FILES  PULL  START  WATCH  CLEAN
        co1    ✓      ✓       ✓     ✓      ▸      ·      ·    4/9 service.core.start
        reg1   ✓                                              unchanged
        web1   ✓                    ✗                         failed
        1 in progress, 1 done, 1 failed
        ");
    }

    #[test]
    fn a_hundred_hosts_on_a_small_terminal() {
        let mut standings = Standings::default();
        for number in 1..=100 {
            hear(&mut standings, &format!("co{number:03}"), &What::Surveying, "looking");
        }
        for number in 1..=40 {
            hear(&mut standings, &format!("co{number:03}"), &step(start()), "5/9 service.core.start");
            let well = number != 7;
            hear(
                &mut standings,
                &format!("co{number:03}"),
                &finished("", well),
                if well { "changed" } else { "failed" },
            );
        }
        hear(&mut standings, "co041", &step(StepId::Services(ServicesStep::Watch)), "8/9 services.watch");
        insta::assert_snapshot!(standings.text(64, 8), @r"
        HOST   LOOK  SYSTEM  FILES  PULL  START  WATCH  CLEAN
        co007   ✓                           ✗                  failed
        co041   ✓      ·       ·     ·      ·      ▸      ·    8/9 ser
        co098   ▸      ·       ·     ·      ·      ·      ·    looking
        co099   ▸      ·       ·     ·      ·      ·      ·    looking
        co100   ▸      ·       ·     ·      ·      ·      ·    looking
        60 in progress, 39 done, 1 failed, 95 not shown
        ");
    }
}
