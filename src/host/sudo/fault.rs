//! Why sudo did not run a command.

/// Why sudo did not run the command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SudoFault {
    /// There is no sudo.
    #[error("`{0}` is not root, and the host has no sudo")]
    Missing(String),
    /// sudo asks for a password and we have none.
    #[error("sudo asks `{0}` for a password, and none is given")]
    NeedsPassword(String),
    /// sudo did not take the password.
    #[error("sudo refused the password of `{0}`")]
    WrongPassword(String),
    /// The user may not use sudo.
    #[error("`{0}` is not allowed to become root with sudo")]
    NotAllowed(String),
    /// `Defaults requiretty`.
    #[error("sudo wants a terminal from `{0}`")]
    NeedsTerminal(String),
    /// Anything else.
    #[error("sudo of `{user}` failed: {reason}")]
    Other {
        /// The login user.
        user: String,
        /// What sudo said.
        reason: String,
    },
}

impl SudoFault {
    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::Missing(_) => {
                "install the package sudo on the host, or log in as root (`ssh.user: root`)".to_owned()
            }
            Self::NeedsPassword(user) => format!(
                "give `ssh.sudo_password`, or allow `{user}` sudo without one: `{user} ALL=(ALL) NOPASSWD: ALL` in /etc/sudoers.d"
            ),
            Self::WrongPassword(_) => {
                "check the secret behind `ssh.sudo_password`; it was tried once only".to_owned()
            }
            Self::NotAllowed(user) => format!("as root on the host: `adduser {user} sudo`"),
            Self::NeedsTerminal(user) => {
                format!("put `Defaults:{user} !requiretty` in a file in /etc/sudoers.d")
            }
            Self::Other { .. } => "try `sudo -v` on the host as the login user".to_owned(),
        }
    }
}
