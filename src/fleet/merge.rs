//! Several streams as one in order of time, with one item of each in memory.

use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{sync::mpsc::Receiver, time::timeout};

/// What has a time, as a text whose order is that of time.
pub trait Timed {
    /// The time; an empty text comes before all others.
    fn time(&self) -> &str;
}

/// How long items wait for a stream that says nothing: a text that is followed must not stand still because of it.
const GRACE: Duration = Duration::from_millis(200);

/// Whether streams end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    /// They do: what comes next is always waited for, and the order is right.
    End,
    /// Somebody watches what they say as they say it.
    Live,
}

/// Streams that are merged.
pub struct Merge<T> {
    inputs: Vec<Input<T>>,
    streams: Streams,
}

struct Input<T> {
    receiver: Receiver<T>,
    head: Option<T>,
    /// It has said nothing for a while, and is not waited for.
    quiet: bool,
    ended: bool,
}

impl<T: Timed> Merge<T> {
    /// Merges streams, each of which is in order.
    pub fn new(receivers: impl IntoIterator<Item = Receiver<T>>, streams: Streams) -> Self {
        let input = |receiver| Input { receiver, head: None, quiet: false, ended: false };
        Self { inputs: receivers.into_iter().map(input).collect(), streams }
    }

    /// The next item, and the place of its stream among the others; `None` when all have ended.
    pub async fn next(&mut self) -> Option<(usize, T)> {
        let patience = match self.streams {
            Streams::End => Duration::MAX,
            Streams::Live => GRACE,
        };
        if timeout(patience, poll_fn(|cx| self.settled(cx))).await.is_err() {
            self.inputs.iter_mut().for_each(|input| input.quiet = true);
            poll_fn(|cx| self.settled(cx)).await;
        }
        let heads = self.inputs.iter().enumerate();
        let heads = heads.filter_map(|(place, input)| Some((input.head.as_ref()?.time(), place)));
        let (_, place) = heads.min()?;
        Some((place, self.inputs[place].head.take()?))
    }

    /// Ready when the next item is known, or that there is none.
    fn settled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for input in &mut self.inputs {
            if input.head.is_some() || input.ended {
                continue;
            }
            if let Poll::Ready(item) = input.receiver.poll_recv(cx) {
                (input.quiet, input.ended, input.head) = (false, item.is_none(), item);
            }
        }
        let awaited = |input: &Input<T>| input.head.is_none() && !input.ended;
        let is_known = self.inputs.iter().any(|input| input.head.is_some());
        let waits = self.inputs.iter().any(|input| awaited(input) && !(is_known && input.quiet));
        if waits { Poll::Pending } else { Poll::Ready(()) }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{Sender, channel};

    use super::*;

    struct Item(&'static str);

    impl Timed for Item {
        fn time(&self) -> &str {
            self.0
        }
    }

    fn streams<const N: usize>(streams: Streams) -> ([Sender<Item>; N], Merge<Item>) {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..N).map(|_| channel(9)).unzip();
        (senders.try_into().unwrap(), Merge::new(receivers, streams))
    }

    async fn all(mut merge: Merge<Item>) -> String {
        let mut said = Vec::new();
        while let Some((place, Item(time))) = merge.next().await {
            said.push(format!("{time}@{place}"));
        }
        said.join(" ")
    }

    #[tokio::test]
    async fn streams_that_end_come_in_order() {
        let ([a, b, c], merge) = streams(Streams::End);
        let late = tokio::spawn(async move {
            for time in ["1", "3", "9"] {
                a.send(Item(time)).await.unwrap();
            }
            drop((a, c));
            // Longer than anybody waits who follows.
            tokio::time::sleep(2 * GRACE).await;
            for time in ["2", "3", "4"] {
                b.send(Item(time)).await.unwrap();
            }
        });
        assert_eq!(all(merge).await, "1@0 2@1 3@0 3@1 4@1 9@0");
        late.await.unwrap();
        assert_eq!(all(streams::<0>(Streams::End).1).await, "");
    }

    #[tokio::test]
    async fn who_follows_does_not_wait_for_the_silent() {
        let ([a, b], mut merge) = streams(Streams::Live);
        for time in ["1", "2", "4"] {
            a.send(Item(time)).await.unwrap();
        }
        for expected in ["1", "2"] {
            assert_eq!(merge.next().await.unwrap().1.0, expected);
        }
        // It speaks again, and is waited for again.
        b.send(Item("3")).await.unwrap();
        assert_eq!(merge.next().await.unwrap().1.0, "3");
        assert_eq!(merge.next().await.unwrap().1.0, "4");
        let silence = tokio::spawn(async move { merge.next().await.map(|(place, item)| (place, item.0)) });
        tokio::time::sleep(2 * GRACE).await;
        b.send(Item("5")).await.unwrap();
        assert_eq!(silence.await.unwrap(), Some((1, "5")));
        drop(a);
    }

    #[tokio::test]
    async fn a_silence_costs_its_time_once() {
        let ([a, b], mut merge) = streams(Streams::Live);
        for time in ["1", "2", "3"] {
            a.send(Item(time)).await.unwrap();
            assert_eq!(merge.next().await.unwrap().0, 0);
            assert!(merge.inputs[1].quiet, "it would be waited for again");
        }
        drop(b);
    }
}
