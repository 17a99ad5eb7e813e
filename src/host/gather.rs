//! Gathering facts: one script, one round trip.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Session;
use crate::{
    facts::{Facts, survey::Survey},
    model::desired::Desired,
    plan::preflight::ControllerClock,
};

/// Asks a host everything we want to know. The clock readings frame the round trip, for the clock check.
pub async fn gather<S: Session>(
    session: &S,
    desired: &Desired,
) -> Result<(Facts, ControllerClock), S::Error> {
    let survey = Survey::of(desired);
    let sent = now();
    let output = session.exec(&survey.command()).await?;
    Ok((survey.read(&output), ControllerClock { sent, received: now() }))
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
