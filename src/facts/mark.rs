//! Marks that controllers leave on a host while they are at work: the lock, and the wish that rollouts pause.

use std::time::Duration;

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// The folder of marks. Nobody was here since the boot: absent.
pub struct ControllerMarks;

/// What controllers left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Who holds the lock.
    pub held: Option<Holder>,
    /// Who paused rollouts, and since when, in words.
    pub paused: Option<String>,
}

/// Who holds the lock of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Who, in words.
    pub owner: String,
    /// For how long, by the host's clock.
    pub held: Duration,
}

/// Processes that have the file of the lock open are looked for, because taking a lock to try it would be a change.
const QUESTION: &str = include_str!("mark.sh").trim_ascii_end();

impl Probe for ControllerMarks {
    type Value = Marks;

    fn question(&self) -> String {
        QUESTION.to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Marks> {
        Fact::read(output, |text| {
            let mut found = Marks::default();
            for line in text.lines() {
                match line.split_once(' ').unwrap_or((line, "")) {
                    ("held", said) => {
                        let (seconds, owner) = said.split_once(' ').unwrap_or((said, ""));
                        let seconds: i64 = seconds.parse().map_err(|_| strange("a lock", line))?;
                        // Whose clock was set back meanwhile has held it for no time.
                        let held = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
                        found.held = Some(Holder { owner: owner.to_owned(), held });
                    }
                    ("paused", by) => found.paused = Some(by.to_owned()),
                    ("end", "") => return Ok(found),
                    _ => return Err(strange("a mark of a controller", line)),
                }
            }
            Err("the host did not say all of its marks".to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        process::Command,
    };

    use super::*;

    fn read(stdout: &str) -> Fact<Marks> {
        ControllerMarks.read(&Output { stdout: stdout.to_owned(), ..Output::default() })
    }

    #[test]
    fn marks_are_read() {
        let holder = Holder { owner: "anna@desk (1)".to_owned(), held: Duration::from_secs(7200) };
        let paused = Some("bob@desk, since 2026-11-30T08:00:00Z".to_owned());
        assert_eq!(
            read("held 7200 anna@desk (1)\npaused bob@desk, since 2026-11-30T08:00:00Z\nend\n"),
            Fact::Known(Marks { held: Some(holder), paused })
        );
        assert_eq!(read("end\n"), Fact::Known(Marks::default()));
        assert!(matches!(read("held 7200 anna\n"), Fact::Unreadable(_)), "a cut answer");
        assert!(matches!(read("held long anna\nend\n"), Fact::Unreadable(_)));
    }

    /// A file that was left by a run that is over is no lock.
    #[test]
    fn a_lock_is_told_from_the_file_of_a_lock() {
        let folder = std::env::temp_dir().join(format!("pryvctl-marks-{}", rand::random::<u64>()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("lock"), "anna@desk\n2020-01-01T00:00:00Z\n").unwrap();
        let question = QUESTION.replace("/run/pryvctl", folder.to_str().unwrap());
        let asked = || {
            let ran = Command::new("sh").args(["-c", &question]).output().unwrap();
            let Fact::Known(marks) = read(&String::from_utf8(ran.stdout).unwrap()) else { panic!() };
            marks.held
        };
        assert_eq!(asked(), None);
        let file = File::open(folder.join("lock")).unwrap();
        file.lock().unwrap();
        let held = asked().unwrap();
        assert_eq!(held.owner, "anna@desk");
        assert!(held.held > Duration::from_secs(3600 * 24 * 365));
        drop(file);
        assert_eq!(asked(), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
