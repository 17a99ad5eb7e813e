//! Packages of the distribution. What apt would do is asked first; what then is done is chosen here, of its answers, and the
//! script does that and nothing else: if apt would do something else by then, nothing is done.

mod install;
mod next;
mod purge;
mod said;

pub use install::{Packages, Whose};
pub use next::{Next, Refusal};
pub use purge::PackagePurge;

/// A change of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apt<'a> {
    /// Packages are installed.
    Install(&'a Packages),
    /// Packages are purged.
    Purge(&'a PackagePurge),
}

impl Apt<'_> {
    /// What comes next, after these answers.
    ///
    /// # Errors
    /// If other packages than those that are meant would go.
    pub fn next(self, answers: &[String]) -> Result<Next, Refusal> {
        match self {
            Self::Install(packages) => packages.next(answers),
            Self::Purge(packages) => packages.next(answers),
        }
    }
}
