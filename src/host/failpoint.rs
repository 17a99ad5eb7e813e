//! A fail point for the tests that kill a run inside a step: when the step was sent, and its answer has not come. A release
//! build has none.

use std::{future::Future, process::Command, time::Duration};

use tokio::time::timeout;

/// In which step: a part of its name.
const STEP: &str = "PRYVCTL_FAIL_INSIDE";

/// How long after it was begun, milliseconds. A step that is done sooner is not: nobody has heard its answer.
const AFTER: &str = "PRYVCTL_FAIL_AFTER_MS";

/// What a shell does then, before the run goes on; `kill -9 $PPID` ends it.
const DO: &str = "PRYVCTL_FAIL_DO";

/// Carries out a step, and fails inside it when a test wants that.
pub(super) async fn inside<T>(id: &str, step: impl Future<Output = T>) -> T {
    let Some((after, script)) = wanted(id) else { return step.await };
    let mut step = std::pin::pin!(step);
    let early = timeout(after, step.as_mut()).await;
    // Whether it works is what the test finds out.
    Command::new("sh").args(["-c", &script]).status().map(drop).unwrap_or_default();
    match early {
        Ok(done) => done,
        Err(_) => step.await,
    }
}

fn wanted(id: &str) -> Option<(Duration, String)> {
    if !cfg!(debug_assertions) {
        return None;
    }
    let part = std::env::var(STEP).ok()?;
    let after = std::env::var(AFTER).ok()?.parse().ok()?;
    let script = std::env::var(DO).ok()?;
    id.contains(&part).then(|| (Duration::from_millis(after), script))
}
