//! A history has one daemon: a second one would forget what the notifiers of the first have still to deliver.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use super::HistoryError;

/// That a history is one's own, until this is dropped or its process ends, however it ends.
#[derive(Debug)]
pub struct Claim {
    _locked: File,
}

impl Claim {
    /// Claims the history of that place for a process that watches an inventory.
    ///
    /// # Errors
    /// Another process has it, or it cannot be told.
    pub fn of(history: &Path, inventory: &Path) -> Result<Self, HistoryError> {
        let path = beside(history);
        let fail = |source| HistoryError::Lock { path: path.clone(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|source| HistoryError::Folder { path: history.to_owned(), source })?;
        }
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(HistoryError::Claimed { path: history.to_owned(), by: owner(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(fail(source)),
        }
        let ours = format!("process {} ({})", std::process::id(), inventory.display());
        file.set_len(0).and_then(|()| file.write_all(ours.as_bytes())).map_err(fail)?;
        Ok(Self { _locked: file })
    }
}

/// The database itself is not locked: `SQLite` locks parts of it for a moment each.
fn beside(history: &Path) -> PathBuf {
    let mut name = OsString::from(history);
    name.push(".lock");
    name.into()
}

/// Who has it, as it said when it took it.
fn owner(file: &mut File) -> String {
    let mut said = String::new();
    match file.read_to_string(&mut said) {
        Ok(length) if length > 0 => said,
        Ok(_) | Err(_) => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_daemon_is_told_which_one_is_the_first() {
        let folder = std::env::temp_dir().join(format!("pryvctl-claim-{}", rand::random::<u64>()));
        let history = folder.join("history.db");
        let first = Claim::of(&history, Path::new("/etc/pryvctl/acme.yaml")).unwrap();
        let refused = Claim::of(&history, Path::new("b.yaml")).unwrap_err();
        let words = format!(
            "process {} (/etc/pryvctl/acme.yaml) already watches with the history {}",
            std::process::id(),
            history.display()
        );
        assert_eq!(refused.to_string(), words);
        assert!(Claim::of(&folder.join("other.db"), Path::new("b.yaml")).is_ok());
        drop(first);
        // What a longer name left behind is gone.
        let second = Claim::of(&history, Path::new("b.yaml")).unwrap();
        let refused = Claim::of(&history, Path::new("c.yaml")).unwrap_err().to_string();
        assert!(refused.contains(" (b.yaml) already watches"), "{refused}");
        drop(second);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
