//! Lines of fstab: options that come to those of a line, and lines that are made.

use super::lines::{ended, lines};

/// A line of fstab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountLine {
    /// Where.
    pub path: String,
    /// What is mounted and the file system, for a line that has to be made.
    pub source: String,
    /// The file system.
    pub kind: String,
    /// Options that must be among those of the line.
    pub options: Vec<String>,
    /// Options that a line has beside them, if it has to be made.
    pub more: Vec<String>,
}

impl MountLine {
    fn is_of(&self, line: &str) -> bool {
        is_at(&self.path, line)
    }

    /// The text with the options in the line, which is made where there is none.
    pub fn apply(&self, text: &str) -> String {
        if !text.lines().any(|line| self.is_of(line)) {
            return format!("{}{}\n", ended(text), self.made());
        }
        let line = |line: &str| if self.is_of(line) { self.with_options(line) } else { line.to_owned() };
        lines(text).map(line).collect()
    }

    /// The line where there is none.
    fn made(&self) -> String {
        let Self { path, source, kind, options, more } = self;
        let options = [&options[..], more].concat().join(",");
        format!("{source} {path} {kind} defaults,{options} 0 0")
    }

    fn with_options(&self, line: &str) -> String {
        let given = options(line);
        let missing = self.options.iter().map(String::as_str).filter(|option| !given.contains(option));
        let opposite = |option: &&str| {
            let negated = format!("no{option}");
            !self.options.contains(&negated)
        };
        let all: Vec<&str> = given.iter().copied().filter(opposite).chain(missing).collect();
        replace_options(line, &all)
    }

    /// A line that others wrote or changed since stays, but for the options that came with us.
    pub fn revert(&self, text: &str, original: &str) -> String {
        let old = lines(original).find(|line| self.is_of(line));
        let back = |line: &str| match old {
            None if line.trim_end() == self.made() => String::new(),
            None => line.to_owned(),
            Some(old) if line == self.with_options(old) => old.to_owned(),
            Some(old) => {
                let before = options(old);
                let came = |option: &&str| {
                    self.options.iter().any(|ours| ours == option) && !before.contains(option)
                };
                let kept: Vec<&str> = options(line).into_iter().filter(|option| !came(option)).collect();
                replace_options(line, &kept)
            }
        };
        lines(text).map(|line| if self.is_of(line) { back(line) } else { line.to_owned() }).collect()
    }
}

/// The options in the line of a mount point, if it has one.
pub fn options_at<'a>(path: &str, text: &'a str) -> Option<Vec<&'a str>> {
    text.lines().find(|line| is_at(path, line)).map(options)
}

/// Whether a line, not commented out, mounts something there.
fn is_at(path: &str, line: &str) -> bool {
    let line = line.trim_start();
    !line.starts_with('#') && line.split_whitespace().nth(1) == Some(path)
}

/// The options in a line.
fn options(line: &str) -> Vec<&str> {
    line.split_whitespace().nth(3).map_or_else(Vec::new, |field| field.split(',').collect())
}

/// Only the field with the options changes; the white space of the line stays.
fn replace_options(line: &str, options: &[&str]) -> String {
    let Some(field) = line.split_whitespace().nth(3) else { return line.to_owned() };
    let options = if options.is_empty() { "defaults".to_owned() } else { options.join(",") };
    let start = field.as_ptr() as usize - line.as_ptr() as usize;
    format!("{}{options}{}", &line[..start], &line[start + field.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> MountLine {
        let options = ["nodev", "noexec"].map(str::to_owned).into();
        let [path, source, kind] = ["/dev/shm", "tmpfs", "tmpfs"].map(str::to_owned);
        MountLine { path, source, kind, options, more: Vec::new() }
    }

    #[test]
    fn options_of_a_mount_are_added_to_those_there() {
        let text = "UUID=1  / ext4 defaults 0 1\ntmpfs\t/dev/shm tmpfs size=1g,exec 0 0\n";
        let edited = line().apply(text);
        assert_eq!(edited, "UUID=1  / ext4 defaults 0 1\ntmpfs\t/dev/shm tmpfs size=1g,nodev,noexec 0 0\n");
        assert_eq!(line().apply(""), "tmpfs /dev/shm tmpfs defaults,nodev,noexec 0 0\n");
    }

    #[test]
    fn a_line_of_fstab_that_others_wrote_or_changed_since_stays() {
        let made = "tmpfs /dev/shm tmpfs defaults,nodev,noexec 0 0\n";
        assert_eq!(line().revert(made, ""), "");
        let theirs = "UUID=2 /dev/shm ext4 defaults,nodev,noexec 0 2\n";
        assert_eq!(line().revert(theirs, ""), theirs);
        let old = "UUID=1 /dev/shm ext4 nodev 0 2\n";
        assert_eq!(line().revert(&line().apply(old), old), old);
        let moved = "UUID=2 /dev/shm ext4 nodev,noexec 0 2\n";
        assert_eq!(line().revert(moved, old), "UUID=2 /dev/shm ext4 nodev 0 2\n");
        assert_eq!(line().revert("a /dev/shm b noexec 0 0\n", old), "a /dev/shm b defaults 0 0\n");
    }
}
