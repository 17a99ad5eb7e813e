//! What a row of the [`survey`](super::survey) says, and what is made of all rows.
//!
//! A row is `NAME: PROBE = HOW THE PROBE IS MADE => HOW IT IS HELD, unread(CHECK, REMEDY);`. It is held as
//!
//! * `needed`: without its value nothing is planned;
//! * `optional`: it may be absent, and the planner sees that;
//! * `or_default`: absent is the same as empty;
//! * `told`: Docker tells it, and while Docker sleeps there is nothing of it;
//! * `(TYPE = VALUE)` and `(told TYPE = VALUE)`: by a function of [`settle`](super::settle).
//!
//! `unread` names the check that fails where it cannot be read, and the way out; without it another check says so.

/// The type of a field of the state.
macro_rules! held {
    (needed, $value:ty) => { $value };
    (optional, $value:ty) => { Option<$value> };
    (or_default, $value:ty) => { $value };
    (told, $value:ty) => { $value };
    ((told $held:ty = $($make:tt)+), $value:ty) => { $held };
    (($held:ty = $($make:tt)+), $value:ty) => { $held };
}

/// Its value; `None`: it is not known.
macro_rules! settle {
    (needed, $facts:ident, $name:ident) => { $facts.$name.known().cloned() };
    (optional, $facts:ident, $name:ident) => { settled(&$facts.$name) };
    (or_default, $facts:ident, $name:ident) => { settled(&$facts.$name).map(Option::unwrap_or_default) };
    (told, $facts:ident, $name:ident) => { told(&$facts.$name, $facts.asleep()) };
    ((told $held:ty = $($make:tt)+), $facts:ident, $name:ident) => { $($make)+ };
    (($held:ty = $($make:tt)+), $facts:ident, $name:ident) => { $($make)+ };
}

/// Whether it is asked for at all: a Docker that does not run tells nothing, and that has a check of its own.
macro_rules! is_asked {
    (told, $facts:ident) => {
        is_running(&$facts.docker)
    };
    ((told $($as:tt)+), $facts:ident) => {
        is_running(&$facts.docker)
    };
    ($($other:tt)+) => {
        true
    };
}

/// All facts, all questions, the state, and what cannot be read, from the one list.
macro_rules! survey {
    (
        |$desired:ident, $facts:ident|
        alone { $(
            $(#[$alone_doc:meta])* $alone:ident: $alone_probe:ty = $alone_make:expr
            $(, unread($alone_check:literal, $alone_remedy:expr))?;
        )* }
        $($(#[$part_doc:meta])* $part:ident: $part_type:ident {
            $(+ $(#[$also_doc:meta])* $also:ident: $also_type:ty = $also_make:expr;)*
            $(
                $(#[$doc:meta])* $name:ident: $probe:ty = $make:expr => $how:tt
                $(, unread($check:literal, $remedy:expr))?;
            )*
        })*
    ) => {
        /// All that is known of a host, each with its own way of not being known.
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        pub struct Facts {
            $($(#[$alone_doc])* pub $alone: Fact<<$alone_probe as Probe>::Value>,)*
            $($($(#[$doc])* pub $name: Fact<<$probe as Probe>::Value>,)*)*
        }

        /// The questions to one host.
        pub struct Survey {
            $($alone: $alone_probe,)*
            $($($name: $probe,)*)*
        }

        impl Survey {
            /// What has to be known of a host before it can be planned.
            pub fn of($desired: &Desired) -> Self {
                Self { $($alone: $alone_make,)* $($($name: $make,)*)* }
            }

            /// All questions as one script. It runs as root and changes nothing.
            pub fn command(&self) -> Command {
                let questions = script([
                    $((stringify!($alone), self.$alone.question()),)*
                    $($((stringify!($name), self.$name.question()),)*)*
                ]);
                Command::root(format!("{API}{questions}")).within(PATIENCE).at_most(MOST)
            }

            /// The facts from the script's answer.
            pub fn read(&self, output: &Output) -> Facts {
                let answers = Answers::read(output);
                Facts {
                    $($alone: read(&self.$alone, answers.get(stringify!($alone))),)*
                    $($($name: read(&self.$name, answers.get(stringify!($name))),)*)*
                }
            }
        }

        $($(#[$part_doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $part_type {
            $($(#[$also_doc])* pub $also: $also_type,)*
            $($(#[$doc])* pub $name: held!($how, <$probe as Probe>::Value),)*
        })*

        /// One host, as found, with everything the planner needs known.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct HostState {
            $($(#[$part_doc])* pub $part: $part_type,)*
            /// What the guard keeps.
            #[cfg(test)]
            pub guard: super::guard::Guard,
        }

        impl Facts {
            /// The host as the planner needs it; `None`: something it rests on is not known.
            pub fn state(&self) -> Option<HostState> {
                let $facts = self;
                Some(HostState {
                    $($part: $part_type {
                        $($also: $also_make?,)*
                        $($name: settle!($how, $facts, $name)?,)*
                    },)*
                    #[cfg(test)]
                    guard: super::guard::Guard::default(),
                })
            }

            /// What cannot be read, of that which has no other check. One check is named once.
            pub fn unread(&self) -> Vec<Unread<'_>> {
                let ($facts, mut unread) = (self, Vec::new());
                $($(note(&mut unread, $alone_check, why(&$facts.$alone), $alone_remedy);)?)*
                $($($(if is_asked!($how, $facts) {
                    note(&mut unread, $check, why(&$facts.$name), $remedy);
                })?)*)*
                unread
            }
        }
    };
}

pub(super) use {held, is_asked, settle, survey};

/// A fact that cannot be read and has no other check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread<'a> {
    /// The name of the check.
    pub check: &'static str,
    /// Why it cannot be read.
    pub why: &'a str,
    /// What to do.
    pub remedy: String,
}

pub(super) fn note<'a>(
    unread: &mut Vec<Unread<'a>>,
    check: &'static str,
    why: Option<&'a str>,
    remedy: impl Into<String>,
) {
    if let Some(why) = why.filter(|_| unread.iter().all(|before| before.check != check)) {
        unread.push(Unread { check, why, remedy: remedy.into() });
    }
}
