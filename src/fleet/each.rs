//! The same for every host, some at a time. A host that fails, or whose task dies, never stops the others.

use std::{future::Future, sync::Arc};

use tokio::{sync::Semaphore, task::JoinSet};

/// Runs `work` for each item, at most `limit` at a time, and gives the results in the order of the items. `None`
/// stands for a task that died of a bug.
pub async fn each<I, T, W, F>(items: Vec<I>, limit: usize, work: W) -> Vec<Option<T>>
where
    I: Send + 'static,
    T: Send + 'static,
    W: Fn(I) -> F,
    F: Future<Output = T> + Send + 'static,
{
    let gate = Arc::new(Semaphore::new(limit.max(1)));
    let mut results: Vec<Option<T>> = items.iter().map(|_| None).collect();
    let mut tasks = JoinSet::new();
    for (place, item) in items.into_iter().enumerate() {
        let (gate, task) = (Arc::clone(&gate), work(item));
        tasks.spawn(async move {
            let _turn = gate.acquire_owned().await;
            (place, task.await)
        });
    }
    while let Some(finished) = tasks.join_next().await {
        if let Ok((place, result)) = finished {
            results[place] = Some(result);
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn results_keep_their_places_and_a_panic_costs_one() {
        let results = each(vec![1, 2, 3], 2, |number| async move {
            assert_ne!(number, 2, "this task dies");
            number * 10
        })
        .await;
        assert_eq!(results, [Some(10), None, Some(30)]);
    }

    #[tokio::test]
    async fn never_more_than_the_limit_at_once() {
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        let seen = each((0..20).collect(), 3, |_: i32| async {
            let now = RUNNING.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::task::yield_now().await;
            RUNNING.fetch_sub(1, Ordering::SeqCst);
            now
        })
        .await;
        assert!(seen.into_iter().flatten().max().is_some_and(|most| most <= 3));
    }
}
