//! Who the survey ran as.

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// `id`, and whom sudo made root.
pub struct Identity;

/// The user that asked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Rights {
    /// 0 is root.
    pub uid: u32,
    /// The user who called sudo; `None`: no sudo was needed.
    pub sudo_user: Option<String>,
}

impl Probe for Identity {
    type Value = Rights;

    fn question(&self) -> String {
        "id -u\nprintf '%s\\n' \"${SUDO_USER:-}\"".to_owned()
    }

    fn read(&self, output: &Output) -> Fact<Rights> {
        Fact::read(output, |text| {
            let (uid, user) = text.split_once('\n').ok_or_else(|| strange("id", text))?;
            let uid = uid.parse().map_err(|_| strange("id", text))?;
            Ok(Rights { uid, sudo_user: Some(user.trim().to_owned()).filter(|user| !user.is_empty()) })
        })
    }
}
