//! What is not as it should be on a host, as data: one sign for each thing, from its beginning until it is over.

/// One thing that is not as it should be on a host.
#[derive(Debug, Clone, PartialEq)]
pub struct Sign {
    /// What kind of thing.
    pub kind: SignKind,
    /// Of which part of the host: a control, a check, a port as `443/tcp`, a container; empty: of the host as a whole. Two
    /// signs of a host never have both kind and part in common.
    pub part: String,
    /// In words, as a fragment without the host's name.
    pub words: String,
    /// The number that goes with it, in the unit of its kind.
    pub number: Option<f64>,
    /// Lines that explain it, as the difference that `plan` shows.
    pub details: Vec<String>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal $(, $unit:literal)?;)*) => {
        /// A kind of sign.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SignKind {
            $($(#[$doc])* $kind,)*
        }

        impl SignKind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name, for rules, links and programs.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// What the number of such a sign counts; `None`: it has none.
            pub fn unit(self) -> Option<&'static str> {
                match self {
                    $(Self::$kind => None $(.or(Some($unit)))?,)*
                }
            }
        }
    };
}

kinds! {
    /// The host gives no answer or does not let us in. What else was known of it is kept as it was.
    Away = "away";
    /// The host shows another key than the known one.
    HostKey = "host-key";
    /// A controller holds the host's lock for longer than a run takes.
    Lock = "lock", "hours";
    /// Rollouts were paused on the host with `pryvctl pause`.
    Paused = "paused";
    /// `install` would change something; the details are what `plan` shows.
    Drift = "drift", "steps";
    /// Something that pryvctl does not manage is in the way.
    Conflict = "conflict";
    /// A check of preflight fails; the part is the check.
    Unfit = "unfit";
    /// A check of preflight ends with a warning, and did not when watching began; the part is the check.
    Worse = "worse";
    /// A control does not hold; the part is its id.
    Control = "control";
    /// A port answers from outside that nobody opened.
    ForeignPort = "foreign-port";
    /// A port that a role opens does not answer from outside.
    SilentPort = "silent-port";
    /// A certificate that a declared port serves ends soon, or has ended.
    Certificate = "certificate", "days left";
    /// The host's clock is off.
    Clock = "clock", "seconds";
    /// An upgrade waits for a restart of the host.
    RestartPending = "restart-pending";
    /// Security updates are known to the host and not installed.
    SecurityUpdates = "security-updates", "packages";
    /// Docker is installed and does not answer.
    DockerStopped = "docker-stopped";
    /// The health check of a container fails; the part is the container.
    ServiceUnhealthy = "service-unhealthy";
    /// A container of a service does not run; the part is the service.
    ServiceStopped = "service-stopped";
    /// Docker starts a container again and again; the part is the container.
    RestartLoop = "restart-loop", "restarts";
    /// A repair did not hold, and is not tried again for a while.
    Unrepaired = "unrepaired", "tries";
}

impl Sign {
    /// A sign without a number.
    pub fn new(kind: SignKind, part: impl Into<String>, words: impl Into<String>) -> Self {
        Self { kind, part: part.into(), words: words.into(), number: None, details: Vec::new() }
    }

    /// Adds the number that goes with it.
    #[must_use]
    pub fn number(self, number: f64) -> Self {
        Self { number: Some(number), ..self }
    }

    /// Adds lines that explain it.
    #[must_use]
    pub fn details(self, details: Vec<String>) -> Self {
        Self { details, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let mut names: Vec<_> = SignKind::ALL.iter().map(|kind| kind.name()).collect();
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SignKind::ALL.len());
        assert_eq!(SignKind::Certificate.unit(), Some("days left"));
        assert_eq!(SignKind::Away.unit(), None);
    }
}
