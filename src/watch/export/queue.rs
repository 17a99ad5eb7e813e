//! What waits to be sent to a store that does not answer, up to a size; the oldest goes first.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use tokio::sync::Notify;

/// At most this is kept for one store: an hour of a thousand hosts is some 60 MB.
const MOST: usize = 64 << 20;

#[derive(Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

#[derive(Default)]
struct Waiting {
    requests: VecDeque<Bytes>,
    size: usize,
}

impl Queue {
    /// Adds one, and says how many had to go for it.
    pub fn push(&self, request: Bytes) -> usize {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.size += request.len();
        waiting.requests.push_back(request);
        let mut lost = 0;
        while waiting.size > MOST
            && let Some(oldest) = waiting.requests.pop_front()
        {
            waiting.size -= oldest.len();
            lost += 1;
        }
        drop(waiting);
        self.filled.notify_one();
        lost
    }

    /// Takes the oldest, as soon as there is one.
    pub async fn pop(&self) -> Bytes {
        loop {
            let filled = self.filled.notified();
            if let Some(request) = self.take() {
                return request;
            }
            filled.await;
        }
    }

    fn take(&self) -> Option<Bytes> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let request = waiting.requests.pop_front()?;
        waiting.size -= request.len();
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_oldest_goes_first_and_makes_room() {
        let queue = Queue::default();
        let of = |letter: u8| Bytes::from(vec![letter; MOST / 2]);
        assert_eq!([b'a', b'b', b'c'].map(|letter| queue.push(of(letter))), [0, 0, 1]);
        assert_eq!([queue.pop().await[0], queue.pop().await[0]], [b'b', b'c']);
        assert_eq!(queue.take(), None);
    }
}
