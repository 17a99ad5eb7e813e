//! Our own terminal, lent to a command in a container.

use std::{
    io::{self, IsTerminal as _},
    os::fd::AsFd,
};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use crate::host::exec::Size;

/// The size of the terminal; `None`: stdin and stdout are not both one.
pub fn size() -> Option<Size> {
    let (stdin, stdout) = (io::stdin(), io::stdout());
    if !(stdin.is_terminal() && stdout.is_terminal()) {
        return None;
    }
    let size = tcgetwinsize(stdout).ok()?;
    Some(Size { rows: size.ws_row, columns: size.ws_col })
}

/// A terminal that passes every key on and does nothing by itself, Ctrl-C included. Dropped, also by a panic, it is what it
/// was before.
pub struct Raw<F: AsFd> {
    terminal: F,
    before: Termios,
}

impl<F: AsFd> Raw<F> {
    /// Makes it so.
    ///
    /// # Errors
    /// It is no terminal.
    pub fn enter(terminal: F) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(&terminal, OptionalActions::Now, &raw)?;
        Ok(Self { terminal, before })
    }
}

impl<F: AsFd> Drop for Raw<F> {
    fn drop(&mut self) {
        // There is nobody left to tell.
        tcsetattr(&self.terminal, OptionalActions::Now, &self.before).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::File, panic};

    use rustix::{
        pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
        termios::LocalModes,
    };

    use super::*;

    fn modes(terminal: &File) -> LocalModes {
        tcgetattr(terminal).unwrap().local_modes
    }

    #[test]
    fn a_terminal_is_restored_also_after_a_panic() {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let path = ptsname(&controller, Vec::new()).unwrap().into_string().unwrap();
        let terminal = File::options().read(true).write(true).open(path).unwrap();
        let before = modes(&terminal);
        assert!(before.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
        let died = panic::catch_unwind(|| {
            let _raw = Raw::enter(&terminal).unwrap();
            assert!(!modes(&terminal).intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
            panic!("a bug");
        });
        assert!(died.is_err());
        assert_eq!(modes(&terminal), before);
        assert!(Raw::enter(File::open("/dev/null").unwrap()).is_err());
    }
}
