//! How the desired files are: content by its hash, and by its text where a plan may show it.

use std::{collections::BTreeMap, path::PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{Fact, Probe, content::ContentHash, strange};
use crate::model::{
    command::{Output, quote},
    desired::Desired,
    place,
};

/// A file as found.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FileState {
    /// SHA-256 of its content.
    #[serde(skip)]
    pub sha256: ContentHash,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Its text, where the desired file may be shown and it is small; for the difference in a plan.
    #[serde(skip)]
    pub text: Option<String>,
}

/// Files by path.
pub struct Files(pub BTreeMap<PathBuf, Text>);

/// Whether a file's text is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// A plan may show its lines.
    Shown,
    /// It holds a secret; only its hash leaves the host.
    Hidden,
}

/// Larger files are compared by their hash only. Bytes.
pub(super) const LARGEST_TEXT: u32 = 65536;

impl Files {
    /// The desired files, and those the planner compares on every host.
    pub fn of(desired: &Desired) -> Self {
        let compared = place::compared(desired).into_iter().map(|path| (path, Text::Shown));
        let managed = desired
            .files
            .iter()
            .map(|file| (file.path.clone(), if file.shown { Text::Shown } else { Text::Hidden }));
        Self(compared.chain(managed).collect())
    }
}

/// Three sections: which paths there are, their metadata, their hashes; then the texts. Few processes for many files.
const PROLOGUE: &str = r#"set --
file() { if [ -f "$1" ]; then echo file; elif [ -e "$1" ]; then echo other; else echo none; fi; }
"#;

/// The texts of the files that follow, one line each in base64; of no file, an empty one. perl-base is on every Debian, but
/// has no module for base64: `u` is the same with other letters.
const TEXTS: &str = r#"perl -e 'for my $path (@ARGV) {
my $text = ""; if (-f $path && open my $file, "<", $path) { read $file, $text, $LARGEST }
$ENCODED }' --"#;

/// What of perl prints `$text` so.
pub(super) const ENCODED: &str = r#"my $rest = length($text) % 3; (my $line = pack "u", $text) =~ s/^.|\n//mg;
$line =~ tr|` -_|AA-Za-z0-9+/|; substr($line, $rest - 3) = "=" x (3 - $rest) if $rest;
print "$line\n""#;

impl Probe for Files {
    type Value = BTreeMap<PathBuf, Option<FileState>>;

    fn question(&self) -> String {
        let mut script = PROLOGUE.to_owned();
        let mut texts = String::new();
        for (path, text) in &self.0 {
            let path = quote(&path.to_string_lossy());
            script.push_str(&format!("file {path}; [ ! -f {path} ] || set -- \"$@\" {path}\n"));
            match text {
                Text::Shown => texts.push_str(&format!(" {path}")),
                Text::Hidden => texts.push_str(" ''"),
            }
        }
        script.push_str("[ $# -gt 0 ] || exit 0\nstat -L -c '%a %u %g %s' -- \"$@\" && sha256sum -b -- \"$@\" || exit 1\n");
        let print = TEXTS.replace("$LARGEST", &LARGEST_TEXT.to_string()).replace("$ENCODED", ENCODED);
        script + &print + &texts
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| self.files(text))
    }
}

impl Files {
    fn files(&self, answer: &str) -> Result<BTreeMap<PathBuf, Option<FileState>>, String> {
        let lines: Vec<&str> = answer.lines().collect();
        let wrong = || strange("the answer about files", answer);
        let (kinds, rest) = lines.split_at_checked(self.0.len()).ok_or_else(wrong)?;
        let there = kinds.iter().filter(|kind| **kind == "file").count();
        let (metadata, rest) = rest.split_at_checked(there).ok_or_else(wrong)?;
        let (hashes, texts) = rest.split_at_checked(there).ok_or_else(wrong)?;
        if there > 0 && texts.len() != self.0.len() {
            return Err(wrong());
        }
        let mut found = metadata.iter().zip(hashes);
        let mut files = BTreeMap::new();
        for (index, path) in self.0.keys().enumerate() {
            let state = match kinds[index] {
                "none" => None,
                "file" => {
                    let (metadata, hash) = found.next().ok_or_else(wrong)?;
                    Some(file(metadata, hash, texts[index]).ok_or_else(wrong)?)
                }
                "other" => return Err(format!("{} is not a file", path.display())),
                _ => return Err(wrong()),
            };
            files.insert(path.clone(), state);
        }
        Ok(files)
    }
}

fn file(metadata: &str, hash: &str, text: &str) -> Option<FileState> {
    let [mode, uid, gid, size] = metadata.split(' ').collect::<Vec<_>>()[..] else { return None };
    // sha256sum puts a backslash before the hash of a file with a strange name.
    let sha256 = ContentHash::parse(hash.trim_start_matches('\\').get(..64)?)?;
    let size: u32 = size.parse().unwrap_or(u32::MAX);
    let text = match text {
        // Nothing is no secret, and is told apart from what was not asked for by its size.
        "" => (size == 0).then(String::new),
        _ if size > LARGEST_TEXT => None,
        text => {
            let bytes = BASE64_STANDARD.decode(text).ok()?;
            if ContentHash::of(&bytes) != sha256 {
                return None;
            }
            String::from_utf8(bytes).ok()
        }
    };
    let mode = u32::from_str_radix(mode, 8).ok()?;
    Some(FileState { sha256, mode, uid: uid.parse().ok()?, gid: gid.parse().ok()?, text })
}
