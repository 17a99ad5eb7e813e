//! One repair of one host.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    app::{
        orders::{self, Terms},
        run::{Ended, Run},
    },
    fleet::{
        Member, Members,
        brake::Wish,
        event::Events,
        order::Approval,
        outcome::{Outcome, Report, names},
        pause::paused_by,
        proposal::{Answer, Proposal},
    },
    model::{inventory::Repairs, name::HostName},
    plan::{crossing::Consents, preflight::break_glass::SecondWay},
    watch::standing::Standing,
};

/// How long the host waits for a new login after a guarded change, as with `install`.
const WINDOW: Duration = Duration::from_secs(60);

/// What a repair is told.
pub struct Outlook {
    /// What may be repaired.
    pub repairs: Repairs,
    /// The lab in which it is a rehearsal.
    pub lab: Option<String>,
    /// The journal.
    pub journal: Option<PathBuf>,
    /// Says when it is to stop.
    pub brake: watch::Receiver<Wish>,
}

/// A repair that came to its end.
pub struct Mended {
    /// Of which host.
    pub host: HostName,
    /// How.
    pub end: End,
}

/// How a repair ended.
pub enum End {
    /// These steps were carried out, and the host is again as it must be.
    Repaired(Vec<String>),
    /// It was as it must be already.
    Unneeded,
    /// It was begun and failed.
    Failed(String),
    /// Nothing was begun.
    HeldOff(String),
}

/// Repairs a host, if nothing speaks against it now.
pub async fn repair(member: Arc<Member>, outlook: Outlook) -> Mended {
    let host = member.host().clone();
    let end = carry_out(&vec![member], outlook).await.unwrap_or_else(End::HeldOff);
    Mended { host, end }
}

async fn carry_out(members: &Members, outlook: Outlook) -> Result<End, String> {
    let Outlook { repairs, lab, journal, mut brake } = outlook;
    let paused = |by: String| format!("rollouts are paused by {by}");
    if let Some(by) = paused_by(members).await {
        return Err(paused(by));
    }
    let run = Run::open("repair", lab.as_ref(), journal.as_ref(), Events::nowhere())
        .map_err(|error| error.to_string())?;
    let (hand, mut by) = (run.hand(), None);
    // The host is ours by now, and a pause that came meanwhile counts.
    let ask = async |_: &Proposal<'_>| {
        by = paused_by(members).await;
        if by.is_none() { Answer::Yes } else { Answer::No }
    };
    let order = orders::repair(repairs, terms());
    let ended = tokio::select! {
        ended = run.carry_out(members, order, |_| Ok(()), ask) => ended,
        () = stopped(&mut brake, &hand) => return Err("watch ends".to_owned()),
    };
    let Ended { done, journal } = ended.map_err(|error| error.to_string())?;
    match (by, done.reports.first(), journal) {
        (Some(by), ..) => Err(paused(by)),
        (None, _, Some(trouble)) => Ok(End::Failed(trouble)),
        (None, Some(report), None) => end(report),
        (None, None, None) => Err("the host is not watched any more".to_owned()),
    }
}

/// Pulls the brake of a run when it is to stop; the run ends by itself then.
async fn stopped(brake: &mut watch::Receiver<Wish>, hand: &watch::Sender<Wish>) {
    if brake.wait_for(|wish| *wish != Wish::GoOn).await.is_ok() {
        hand.send_replace(Wish::AfterStep);
    }
    std::future::pending::<()>().await;
}

fn terms() -> Terms {
    Terms {
        parallel: 1,
        window: WINDOW,
        second_way: SecondWay::Needed,
        consents: Consents::NONE,
        approval: Approval::Asked,
    }
}

/// How a run ended on the host, and whether anything was begun there.
fn end(report: &Report) -> Result<End, String> {
    let trouble = || {
        let trouble = report.outcome.trouble().unwrap_or_default();
        [vec![trouble.message], trouble.details].concat().join("; ")
    };
    match &report.outcome {
        Outcome::Changed { .. } => Ok(End::Repaired(names(&report.plan.steps))),
        Outcome::Unchanged => Ok(End::Unneeded),
        Outcome::NotReady | Outcome::Locked(_) => Err(Standing::of(report).sentence()),
        Outcome::Unreachable(_)
        | Outcome::LockLost(_)
        | Outcome::Conflict(_)
        | Outcome::LeftAlone
        | Outcome::Stopped { .. }
        | Outcome::Looked
        | Outcome::Planned => Err(trouble()),
        Outcome::Failed { .. }
        | Outcome::WentBack { .. }
        | Outcome::TakenBack
        | Outcome::NotConverged { .. }
        | Outcome::Exposed { .. }
        | Outcome::Silent { .. }
        | Outcome::Died => Ok(End::Failed(trouble())),
    }
}
