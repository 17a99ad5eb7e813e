//! One question to many hosts that is no survey: each answer stands beside its host, and so does each failure.

use std::{future::Future, sync::Arc};

use super::{Member, Members, each::each, outcome::Outcome, survey::failed};
use crate::{
    host::{Connection, HostError},
    model::name::HostName,
};

/// What came of one host.
pub struct Asked<T> {
    /// The host.
    pub host: HostName,
    /// Its answer, or how it ended instead: unreachable, or by a bug.
    pub answer: Result<T, Outcome>,
}

/// Logs in to every host, at most `limit` at a time, and asks. The results are in the order of the members.
pub async fn ask<T, W, F>(members: &Members, limit: usize, question: W) -> Vec<Asked<T>>
where
    T: Send + 'static,
    W: Fn(Connection, Arc<Member>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<T, HostError>> + Send + 'static,
{
    let answers = each(members.clone(), limit, |member| {
        let question = question.clone();
        async move {
            let connection = Connection::open(&member.login).await?;
            question(connection, member).await
        }
    })
    .await;
    let asked = members.iter().zip(answers).map(|(member, answer)| Asked {
        host: member.host().clone(),
        answer: match answer {
            Some(answer) => answer.map_err(|error| failed(&error)),
            None => Err(Outcome::Died),
        },
    });
    asked.collect()
}
