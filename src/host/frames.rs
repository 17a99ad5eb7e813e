//! What Docker sends of a command that has no terminal: stdout and stderr in one stream.

use bytes::{Buf as _, Bytes, BytesMut};

/// A piece of what comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Of stdout, or of the terminal.
    Out(Bytes),
    /// Of stderr.
    Err(Bytes),
}

/// Tells two streams apart that came as one: each frame has a head of eight bytes, whose first says the stream and whose last
/// four the length. What has come of a frame is passed on before the rest of it comes.
#[derive(Debug, Default)]
pub(super) struct Frames {
    of_stderr: bool,
    left: usize,
}

impl Frames {
    /// The next piece, as far as it has come.
    pub(super) fn next(&mut self, heard: &mut BytesMut) -> Option<Piece> {
        while self.left == 0 {
            let head = heard.first_chunk::<8>().copied()?;
            let [stream, _, _, _, length @ ..] = head;
            // 3: Docker's own words.
            self.of_stderr = stream >= 2;
            self.left = u32::from_be_bytes(length) as usize;
            heard.advance(8);
        }
        if heard.is_empty() {
            return None;
        }
        let piece = heard.split_to(self.left.min(heard.len())).freeze();
        self.left -= piece.len();
        Some(if self.of_stderr { Piece::Err(piece) } else { Piece::Out(piece) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(stream: u8, text: &str) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        [&[stream, 0, 0, 0][..], &length, text.as_bytes()].concat()
    }

    /// What is read of some bytes that come so many at a time.
    fn read(bytes: &[u8], at_a_time: usize) -> [String; 2] {
        let (mut frames, mut heard, mut streams) =
            (Frames::default(), BytesMut::new(), [String::new(), String::new()]);
        for piece in bytes.chunks(at_a_time) {
            heard.extend_from_slice(piece);
            while let Some(piece) = frames.next(&mut heard) {
                let (to, data) = match piece {
                    Piece::Out(data) => (0, data),
                    Piece::Err(data) => (1, data),
                };
                streams[to].push_str(std::str::from_utf8(&data).unwrap());
            }
        }
        streams
    }

    #[test]
    fn streams_are_told_apart_however_their_frames_are_cut() {
        let bytes =
            [frame(1, "out"), frame(2, "err"), frame(1, ""), frame(1, " and out"), frame(3, "!")].concat();
        for at_a_time in 1..=bytes.len() {
            assert_eq!(read(&bytes, at_a_time), ["out and out", "err!"], "{at_a_time}");
        }
    }

    #[test]
    fn a_frame_is_not_waited_for() {
        let mut heard = BytesMut::from(&[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, b'a'][..]);
        let mut frames = Frames::default();
        assert_eq!(frames.next(&mut heard), Some(Piece::Out("a".into())));
        assert_eq!(frames.next(&mut heard), None);
    }
}
