//! Where the folders really are in which containers write: a path may lead over a link, to another disk or to what another
//! path leads to as well.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fact, Probe, strange};
use crate::model::{
    command::{Output, quote},
    desired::{Desired, MountSource},
};

/// The data folder, and what the desired services write in. What containers write in that are there is told with them.
pub struct Places(BTreeSet<String>);

/// For scripts: real paths of the paths in the arguments, whether or not they are there. One line each; `?` is a line break in
/// what a link leads to.
pub(super) const REAL: &str = r"readlink -mz --";
/// What follows [`REAL`].
pub(super) const LINES: &str = r"| tr '\n\0' '?\n'";

impl Places {
    /// Of one host.
    pub fn of(desired: &Desired) -> Self {
        let data = desired.data.display().to_string();
        let writes = desired.services.iter().flat_map(|service| service.spec.writes());
        let paths = writes.filter_map(|source| match source {
            MountSource::Bind(path) => Some(path.clone()),
            MountSource::Volume(_) => None,
        });
        Self(paths.chain([data]).collect())
    }
}

impl Probe for Places {
    type Value = BTreeMap<String, String>;

    fn question(&self) -> String {
        let paths: Vec<_> = self.0.iter().map(|path| quote(path)).collect();
        format!("{REAL} {} {LINES}", paths.join(" "))
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let (asked, real): (Vec<_>, Vec<_>) =
                (self.0.iter().map(String::as_str).collect(), text.lines().collect());
            elsewhere(&asked, &real)
        })
    }
}

/// The paths that lead elsewhere, and where.
pub(super) fn elsewhere(asked: &[&str], real: &[&str]) -> Result<BTreeMap<String, String>, String> {
    if asked.len() != real.len() || real.iter().any(|real| !real.starts_with('/')) {
        return Err(strange("the answer about places", &real.join("\n")));
    }
    let pairs = asked.iter().zip(real).filter(|(asked, real)| asked != real);
    Ok(pairs.map(|(asked, real)| ((*asked).to_owned(), (*real).to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(paths: &[&str], answer: &str) -> Fact<BTreeMap<String, String>> {
        let places = Places(paths.iter().map(|path| (*path).to_owned()).collect());
        places.read(&Output { stdout: answer.to_owned(), ..Output::default() })
    }

    #[test]
    fn what_leads_elsewhere_is_read() {
        let found = read(&["/a", "/b c"], "/a\n/srv/big disk\n");
        assert_eq!(found, Fact::Known([("/b c".to_owned(), "/srv/big disk".to_owned())].into()));
        assert_eq!(read(&["/a"], "/a\n"), Fact::Known(BTreeMap::new()));
        for answer in ["", "/a\n", "/a\n/b\n/c\n", "/a\nreadlink: b\n"] {
            assert!(matches!(read(&["/a", "/b"], answer), Fact::Unreadable(_)), "{answer}");
        }
    }
}
