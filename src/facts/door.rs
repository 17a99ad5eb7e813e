//! The port by which our own login came in: sshd may be on its way to another one.

use super::{ABSENT, Fact, Probe, strange};
use crate::model::command::Output;

/// The host's end of our connection; absent where sshd did not say.
pub struct CameIn;

impl Probe for CameIn {
    type Value = u16;

    fn question(&self) -> String {
        format!("[ \"$SSH_CONNECTION\" ] || exit {ABSENT}\necho \"${{SSH_CONNECTION##* }}\"")
    }

    fn read(&self, output: &Output) -> Fact<u16> {
        Fact::read(output, |text| text.trim().parse().map_err(|_| strange("$SSH_CONNECTION", text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::command::Exit;

    #[test]
    fn the_port_is_the_last_word_of_the_connection() {
        let read = |stdout: &str, code| {
            let (stdout, exit) = (stdout.to_owned(), Exit::Code(code));
            CameIn.read(&Output { stdout, stderr: String::new(), exit })
        };
        assert_eq!(read("2222\n", 0), Fact::Known(2222));
        assert_eq!(read("", ABSENT), Fact::Absent);
        assert!(matches!(read("ssh\n", 0), Fact::Unreadable(_)));
    }
}
