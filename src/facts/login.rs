//! The account pryvctl logs in with. No password hash leaves the host.

use super::{Fact, Probe, strange};
use crate::model::command::{Output, quote};

/// `getent passwd` and `getent shadow` of a user, the hash replaced on the host by `x`.
pub struct Account(pub String);

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Login {
    /// Its name.
    pub user: String,
    /// Its number.
    pub uid: u32,
    /// Its shell.
    pub shell: String,
    /// Whether it has a password, and of what kind.
    pub password: Password,
    /// The day (since 1970) on which the password expires. An expired one refuses key logins too.
    pub password_expires: Option<i64>,
    /// The day (since 1970) on which the account expires.
    pub expires: Option<i64>,
}

/// What stands in the password field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Password {
    /// A hash.
    Set,
    /// Nothing: anyone may log in.
    Empty,
    /// `*`: no password will do; keys will.
    Disabled,
    /// `!`: locked; without PAM sshd refuses keys too.
    Locked,
}

impl Probe for Account {
    type Value = Login;

    fn question(&self) -> String {
        let user = quote(&self.0);
        format!(
            "getent passwd {user} || exit 44\n\
             getent shadow {user} | sed -e 's/^\\([^:]*:\\)\\([!*]*\\)[^:!*][^:]*/\\1\\2x/'"
        )
    }

    fn read(&self, output: &Output) -> Fact<Login> {
        Fact::read(output, |text| login(text).ok_or_else(|| strange("the account", text)))
    }
}

fn login(text: &str) -> Option<Login> {
    let (passwd, shadow) = text.split_once('\n')?;
    let [user, _, uid, _, _, _, shell] = passwd.split(':').collect::<Vec<_>>()[..] else { return None };
    let [_, password, changed, _, longest, _, _, expires, _] =
        shadow.trim_end().split(':').collect::<Vec<_>>()[..]
    else {
        return None;
    };
    Some(Login {
        user: user.to_owned(),
        uid: uid.parse().ok()?,
        shell: shell.to_owned(),
        password: match password.chars().next() {
            None => Password::Empty,
            Some('!') => Password::Locked,
            Some('*') => Password::Disabled,
            Some(_) => Password::Set,
        },
        password_expires: password_expires(day(changed)?, day(longest)?),
        expires: day(expires)?.filter(|day| *day > 0),
    })
}

/// An empty field says nothing, a strange one makes the account unreadable.
fn day(field: &str) -> Option<Option<i64>> {
    if field.is_empty() { Some(None) } else { field.parse().ok().map(Some) }
}

/// Day 0 of the last change means: at the next login. 99999 days mean: never.
fn password_expires(changed: Option<i64>, longest: Option<i64>) -> Option<i64> {
    match (changed?, longest) {
        (0, _) => Some(0),
        (_, None | Some(99999..)) => None,
        (changed, Some(longest)) => Some(changed + longest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(shadow: &str) -> Option<Login> {
        login(&format!("op:x:1000:1000:Operator,,,:/home/op:/bin/bash\nop:{shadow}"))
    }

    #[test]
    fn passwords_are_told_apart_without_being_seen() {
        let table = [
            ("x:20000:0:99999:7:::", Password::Set),
            (":20000:0:99999:7:::", Password::Empty),
            ("*:20000:0:99999:7:::", Password::Disabled),
            ("!x:20000:0:99999:7:::", Password::Locked),
        ];
        for (shadow, expected) in table {
            assert_eq!(account(shadow).unwrap().password, expected, "{shadow}");
        }
        assert_eq!(account(""), None);
    }

    #[test]
    fn expiry_is_counted_from_the_last_change() {
        let table = [
            ("*:20000:0:99999:7:::", None, None),
            ("*:20000:0:90:7::20500:", Some(20090), Some(20500)),
            ("*:0:0:99999:7:::", Some(0), None),
            ("*::0:90:7:::", None, None),
        ];
        for (shadow, password, account_expires) in table {
            let login = account(shadow).unwrap();
            assert_eq!((login.password_expires, login.expires), (password, account_expires), "{shadow}");
        }
    }
}
