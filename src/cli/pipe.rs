//! What a command in a container prints, passed on: byte by byte, as ssh does, where it goes to a file or to another program,
//! and where the command has a terminal of its own. What comes to a terminal that it does not have passes the gate.

use std::{
    io::{self, IsTerminal},
    os::fd::AsFd,
};

use rustix::event::{PollFd, PollFlags, poll};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::gate;

/// One of our own streams.
pub struct Pipe<W> {
    to: W,
    /// What is to pass the gate and is not yet a whole letter; `None`: nothing is to pass it.
    letter: Option<Vec<u8>>,
}

/// What stands at the other end of a command's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    /// A terminal that it has for itself.
    Terminal,
    /// A pipe for each.
    Pipes,
}

impl<W: AsyncWrite + Unpin> Pipe<W> {
    /// Over a stream; `own` is its descriptor.
    pub fn new(to: W, own: &impl IsTerminal, streams: Streams) -> Self {
        let gated = own.is_terminal() && streams == Streams::Pipes;
        Self { to, letter: gated.then(Vec::new) }
    }

    /// Passes some bytes on.
    ///
    /// # Errors
    /// Nobody reads them any more.
    pub async fn pass(&mut self, data: &[u8]) -> io::Result<()> {
        match &mut self.letter {
            None => self.to.write_all(data).await?,
            Some(letter) => {
                letter.extend_from_slice(data);
                let rest = letter.split_off(letter.len() - begun(letter));
                let whole = std::mem::replace(letter, rest);
                self.to.write_all(gate::shown(&String::from_utf8_lossy(&whole)).as_bytes()).await?;
            }
        }
        self.to.flush().await
    }
}

/// How many bytes at the end of a text begin a letter that has more bytes.
fn begun(text: &[u8]) -> usize {
    let tail = text.iter().rev().take(3).zip(1..);
    let first = tail.into_iter().find(|(byte, _)| **byte & 0b1100_0000 != 0b1000_0000);
    first.map_or(0, |(byte, length)| if byte.leading_ones() as usize > length { length } else { 0 })
}

/// Waits until nobody reads our stdout any more, as behind `| head`, or its terminal is gone.
pub async fn nobody_reads() {
    let closed = || {
        let stdout = io::stdout();
        loop {
            let mut watched = [PollFd::from_borrowed_fd(stdout.as_fd(), PollFlags::empty())];
            match poll(&mut watched, None) {
                Ok(_) => return true,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    };
    match tokio::task::spawn_blocking(closed).await {
        Ok(true) => {}
        // Then a write will tell.
        Ok(false) | Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn passed(letter: Option<Vec<u8>>, pieces: &[&[u8]]) -> Vec<u8> {
        let mut pipe = Pipe { to: Vec::new(), letter };
        for piece in pieces {
            pipe.pass(piece).await.unwrap();
        }
        pipe.to
    }

    #[tokio::test]
    async fn bytes_stay_as_they_are_but_on_the_way_to_a_terminal() {
        let pieces: [&[u8]; 4] =
            [b"a\x1b[1m\xff", "é".as_bytes(), &"日".as_bytes()[..1], &"日".as_bytes()[1..]];
        assert_eq!(passed(None, &pieces).await, pieces.concat());
        let shown = passed(Some(Vec::new()), &pieces).await;
        assert_eq!(String::from_utf8(shown).unwrap(), "a\\x1b[1m\u{fffd}é日");
    }

    #[test]
    fn letters_are_not_cut_in_two() {
        let letters = "aé日🦀";
        for end in 0..=letters.len() {
            let whole = (0..=end).rev().find(|at| letters.is_char_boundary(*at)).unwrap();
            assert_eq!(begun(&letters.as_bytes()[..end]), end - whole, "{end}");
        }
        assert_eq!(begun(b"\x80\x80\x80\x80"), 0);
    }
}
