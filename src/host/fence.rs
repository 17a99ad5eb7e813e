//! The fence: what a run does as root, it does only while it holds the host's lock.
//!
//! A lock alone does not do that: a controller that was stopped, or whose link stalled, comes back and goes on after
//! another one has taken the lock. So whoever takes the lock writes a token on the host, and every script of the run asks
//! for that token before it begins, on the host itself, and holds `work` until it has ended. The next one writes a token
//! of its own first and then waits for `work`: from that moment nothing of the run before begins, and nothing of it runs.

use std::sync::{Arc, Mutex, PoisonError};

/// Root's folder, gone after a restart of the host; `lock.sh` writes there.
const FOLDER: &str = "/run/pryvctl";

/// What a script says before it ends with [`NOT_OURS`].
const SAID: &str = "pryvctl: the lock is not ours\n";

/// How a script ends that was not begun: `EX_TEMPFAIL`.
pub(super) const NOT_OURS: u32 = 75;

/// Why a run may not go on with a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// The host gave our lock up. Whether somebody came and went since then, nobody knows.
    #[error(
        "the host released our lock because the connection was silent for too long; nothing more was changed here"
    )]
    LetGo,
    /// Somebody else has it.
    #[error(
        "another controller has taken over this host: {owner} since {since}; nothing more was changed here"
    )]
    TakenOver {
        /// Who.
        owner: String,
        /// Since when, by the host's clock, UTC.
        since: String,
    },
}

/// What all connections of one run to one host know of its lock.
#[derive(Debug, Clone, Default)]
pub(super) struct Fence(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
enum Held {
    /// Nothing was locked: we only look.
    #[default]
    Nothing,
    /// The lock, with this token.
    Token(String),
    /// A script was not begun; none will be.
    Lost(Loss),
}

impl Fence {
    /// From now on scripts ask for this token.
    pub(super) fn raise(&self, token: &str) {
        *self.held() = Held::Token(token.to_owned());
    }

    /// The lock is not ours any more, whatever the host would say later.
    pub(super) fn lose(&self, loss: Loss) {
        *self.held() = Held::Lost(loss);
    }

    /// What a script has to ask for, if for anything.
    pub(super) fn token(&self) -> Result<Option<String>, Loss> {
        match &*self.held() {
            Held::Nothing => Ok(None),
            Held::Token(token) => Ok(Some(token.clone())),
            Held::Lost(loss) => Err(loss.clone()),
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines before a script: `work` is held, shared with the other scripts of the run, while the token is ours.
pub(super) fn question(token: &str) -> String {
    let said = SAID.trim_end();
    format!(
        r#"[ -e {FOLDER}/work ] && exec 8<{FOLDER}/work && flock -s -w 10 8 && {{ read -r token <{FOLDER}/token; }} 2>/dev/null && [ "$token" = {token} ] || {{ echo '{said}' >&2; [ ! -e {FOLDER}/token ] || cat {FOLDER}/lock >&2; exit {NOT_OURS}; }}
"#
    )
}

/// A script that holds `work` to its end, also while it tidies up after `timeout` has asked it to end. What it leaves
/// running, a daemon say, does not hold it.
pub(super) fn holding(script: &str) -> String {
    format!("trap : TERM\n(\n{script}\n) 8<&-\nexit $?")
}

/// What a script that was not begun said on stderr.
pub(super) fn refusal(stderr: &str) -> Option<Loss> {
    let (_, rest) = stderr.split_once(SAID)?;
    let mut lines = rest.lines().map(str::to_owned);
    let taken_over = lines.next().zip(lines.next());
    Some(taken_over.map_or(Loss::LetGo, |(owner, since)| Loss::TakenOver { owner, since }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_who_has_taken_over() {
        let by = |stderr: &str| refusal(stderr).map(|loss| loss.to_string());
        insta::assert_snapshot!(
            by("sudo: unable to resolve host x\npryvctl: the lock is not ours\nben@desk (pid 7)\n2026-11-29T10:00:00Z\n").unwrap(),
            @"another controller has taken over this host: ben@desk (pid 7) since 2026-11-29T10:00:00Z; nothing more was changed here"
        );
        insta::assert_snapshot!(
            by("pryvctl: the lock is not ours\n").unwrap(),
            @"the host released our lock because the connection was silent for too long; nothing more was changed here"
        );
        assert_eq!(by("no space left on device\n"), None);
    }

    #[test]
    fn what_is_lost_stays_lost_for_every_connection_of_the_run() {
        let fence = Fence::default();
        let other = fence.clone();
        assert_eq!(other.token(), Ok(None));
        fence.raise("t");
        assert_eq!(other.token(), Ok(Some("t".to_owned())));
        fence.lose(Loss::LetGo);
        assert_eq!(other.token(), Err(Loss::LetGo));
    }
}
