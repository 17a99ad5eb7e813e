//! A lab's files: `$XDG_STATE_HOME/pryvctl/lab/NAME`, readable by their owner only.

use std::{
    env, fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rand::{RngExt, distr::Alphanumeric};

use super::error::LabError;

/// The folder of one lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

/// Where the folders of all labs are.
///
/// # Errors
/// [`LabError::NoHome`].
pub(super) fn root() -> Result<PathBuf, LabError> {
    let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    state.or_else(home).map(|state| state.join("pryvctl/lab")).ok_or(LabError::NoHome)
}

impl Folder {
    /// The folder of a lab, which may not exist yet.
    pub(super) fn of(name: &str) -> Result<Self, LabError> {
        Ok(Self(root()?.join(name)))
    }

    /// A folder somewhere else.
    #[cfg(test)]
    pub(super) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// A folder in it.
    pub(super) fn inner(&self, name: &str) -> Self {
        Self(self.0.join(name))
    }

    /// Makes the folder.
    pub(super) fn make(&self) -> Result<(), LabError> {
        make(&self.0)
    }

    /// Removes the folder, and the folders above that are empty then.
    pub(super) fn remove(&self) -> Result<(), LabError> {
        match fs::remove_dir_all(&self.0) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(LabError::File { path: self.0.clone(), source });
            }
            Ok(()) | Err(_) => (),
        }
        for above in self.0.ancestors().skip(1).take(2) {
            if fs::remove_dir(above).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// The path of a file in it.
    pub fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    /// The text of a file, `None` if there is no such file.
    pub(super) fn read(&self, file: &str) -> Result<Option<String>, LabError> {
        let path = self.path(file);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LabError::File { path, source }),
        }
    }

    /// Writes a file as a whole: a reader sees the old text or the new one.
    pub(super) fn write(&self, file: &str, text: &str) -> Result<(), LabError> {
        let path = self.path(file);
        let fresh = path.with_extension("new");
        let failed = |source| LabError::File { path: path.clone(), source };
        if let Some(above) = path.parent() {
            make(above)?;
        }
        let mut options = fs::OpenOptions::new();
        let mut opened =
            options.write(true).create(true).truncate(true).mode(0o600).open(&fresh).map_err(failed)?;
        opened.write_all(text.as_bytes()).map_err(failed)?;
        fs::rename(&fresh, &path).map_err(failed)
    }

    /// The text of a file that is made at random when it is first asked for.
    pub(super) fn password(&self, file: &str) -> Result<String, LabError> {
        if let Some(text) = self.read(file)? {
            return Ok(text.trim_end().to_owned());
        }
        // 32 of 62 letters: 190 bits, more than any use asks for.
        let text: String = rand::rng().sample_iter(Alphanumeric).take(32).map(char::from).collect();
        self.write(file, &format!("{text}\n"))?;
        Ok(text)
    }
}

fn make(path: &Path) -> Result<(), LabError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| LabError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_password_is_made_once_and_only_its_owner_reads_it() {
        let root = env::temp_dir().join(format!("pryvctl-folder-{}", std::process::id()));
        let folder = Folder(root.join("pryvctl/lab/one"));
        let password = folder.password("secrets/registry").unwrap();
        assert_eq!(password.len(), 32);
        assert_eq!(folder.password("secrets/registry").unwrap(), password);
        let mode = |file: &str| fs::metadata(folder.path(file)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("secrets"), mode("secrets/registry")), (0o700, 0o600));
        assert_eq!(folder.read("none").unwrap(), None);
        folder.remove().unwrap();
        folder.remove().unwrap();
        assert!(fs::read_dir(&root).unwrap().next().is_none(), "nothing is left behind");
        fs::remove_dir(&root).unwrap();
    }
}
