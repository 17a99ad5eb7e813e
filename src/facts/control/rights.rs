//! The rights of files and folders that controls limit.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use crate::{
    facts::{Fact, Probe, folder::FolderState, strange},
    model::{command::Output, control::Kind, desired::Desired},
};

/// `stat`, of what these patterns match: `*` and `?` within a name.
pub struct Rights(pub BTreeSet<String>);

impl Rights {
    /// The paths of all controls.
    pub fn of(desired: &Desired) -> Self {
        Self(super::named(desired, |kind| {
            if let Kind::Permissions(rights) = kind { Some(rights.paths.iter().cloned()) } else { None }
        }))
    }
}

impl Probe for Rights {
    type Value = BTreeMap<String, BTreeMap<PathBuf, FolderState>>;

    fn question(&self) -> String {
        if self.0.is_empty() {
            return "exit 44".to_owned();
        }
        let patterns: Vec<String> = self.0.iter().map(|text| super::pattern(text)).collect();
        let mut script = "set --\n".to_owned();
        for (index, text) in patterns.iter().enumerate() {
            script.push_str(&format!(
                "for path in {text}; do [ ! -e \"$path\" ] || set -- \"$@\" \"$path\"; done; count{index}=$#\n"
            ));
        }
        let counts: Vec<String> = (0..patterns.len()).map(|index| format!("$count{index}")).collect();
        format!("{script}echo {}\n[ $# = 0 ] || stat -L -c '%a %u %g %n' -- \"$@\"", counts.join(" "))
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| self.rights(text).ok_or_else(|| strange("the rights of files", text)))
    }
}

impl Rights {
    /// The first line says how many lines there are up to the end of each pattern.
    fn rights(&self, text: &str) -> Option<BTreeMap<String, BTreeMap<PathBuf, FolderState>>> {
        let (ends, lines) = text.split_once('\n')?;
        let ends: Vec<usize> = ends.split(' ').map(|end| end.parse().ok()).collect::<Option<_>>()?;
        let lines: Vec<&str> = lines.lines().collect();
        if ends.len() != self.0.len() || ends.last() != Some(&lines.len()) {
            return None;
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let ranges = starts.zip(ends.iter().copied());
        self.0
            .iter()
            .zip(ranges)
            .map(|(pattern, (start, end))| {
                let found = lines.get(start..end)?.iter().map(|line| entry(line)).collect::<Option<_>>()?;
                Some((pattern.clone(), found))
            })
            .collect()
    }
}

fn entry(line: &str) -> Option<(PathBuf, FolderState)> {
    let [mode, uid, gid, path] = line.splitn(4, ' ').collect::<Vec<_>>()[..] else { return None };
    let mode = u32::from_str_radix(mode, 8).ok()?;
    Some((path.into(), FolderState { mode, uid: uid.parse().ok()?, gid: gid.parse().ok()? }))
}
