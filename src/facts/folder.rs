//! How the desired folders are.

use std::{collections::BTreeMap, path::PathBuf};

use super::{Fact, Probe, strange};
use crate::model::command::{Output, quote};

/// A folder as found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct FolderState {
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// Folders by path.
pub struct Folders(pub Vec<PathBuf>);

impl Probe for Folders {
    type Value = BTreeMap<PathBuf, Option<FolderState>>;

    fn question(&self) -> String {
        let mut script =
            "folder() { if [ -d \"$1\" ]; then stat -L -c '%a %u %g' -- \"$1\"; elif [ -e \"$1\" ]; \
             then echo other; else echo none; fi; }\n"
                .to_owned();
        for path in &self.0 {
            script.push_str(&format!("folder {}\n", quote(&path.to_string_lossy())));
        }
        script
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let lines: Vec<&str> = text.lines().collect();
            if lines.len() != self.0.len() {
                return Err(strange("the answer about folders", text));
            }
            self.0.iter().zip(lines).map(|(path, line)| Ok((path.clone(), folder(path, line)?))).collect()
        })
    }
}

fn folder(path: &std::path::Path, line: &str) -> Result<Option<FolderState>, String> {
    let number = |text: &str, radix| u32::from_str_radix(text, radix).map_err(|_| strange("stat", line));
    match line.split(' ').collect::<Vec<_>>()[..] {
        ["none"] => Ok(None),
        ["other"] => Err(format!("{} is not a folder", path.display())),
        [mode, uid, gid] => {
            Ok(Some(FolderState { mode: number(mode, 8)?, uid: number(uid, 10)?, gid: number(gid, 10)? }))
        }
        _ => Err(strange("stat", line)),
    }
}
