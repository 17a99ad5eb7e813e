//! The user and the keys of a login, wherever they are written.

use std::path::Path;

use crate::model::problem::Problem;

/// A user that cannot be one.
pub(super) fn wrong_user(user: &str) -> Option<Problem> {
    let problem = || Problem::error("ssh.user", format!("`{user}` is not a user name"));
    (!is_user(user)).then(|| problem().hint("write a name as in root or admin"))
}

/// A public key where its private half is wanted.
pub(super) fn public_key(file: &Path) -> Option<Problem> {
    let problem = || Problem::error("ssh.identity", format!("{} is a public key", file.display()));
    let hint = || format!("name the private key, {}", file.with_extension("").display());
    file.extension().is_some_and(|end| end == "pub").then(|| problem().hint(hint()))
}

/// As useradd of Debian takes it.
fn is_user(name: &str) -> bool {
    let mut letters = name.bytes();
    let first = letters.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte);
    first && name.len() <= 32 && letters.all(inner)
}
