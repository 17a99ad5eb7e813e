//! From the files of `hardening/` to controls, or to problems that name the file and the key.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use include_dir::{Dir, include_dir};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    entry::{Condition, Control},
    kind::{
        Kind, file::OwnFile, kinds, line::OwnLine, mount::Mount, permissions::Rights, setting::Settings,
        sshd::Directive, unit::Unit, without::Unwanted,
    },
    known::Controls,
    level::Level,
    profile::Profile,
};
use crate::model::{
    compose::{self, Fault, List, Word},
    nearest::suggest,
    problem::Problem,
    role::syntax_fault,
};

static FILES: Dir = include_dir!("$CARGO_MANIFEST_DIR/hardening");

static SHIPPED: LazyLock<Result<Arc<Controls>, Vec<Problem>>> = LazyLock::new(|| {
    let files = ["level1.yaml", "level2.yaml"].iter().filter_map(|name| FILES.get_file(name));
    let controls = FILES.get_dir("controls").into_iter().flat_map(Dir::files);
    let texts = files.chain(controls).map(|file| {
        (file.path().to_string_lossy().into_owned(), file.contents_utf8().unwrap_or_default().to_owned())
    });
    Controls::parse(texts).map(Arc::new)
});

macro_rules! entry {
    (
        { $($(#[$doc:meta])* $key:ident: $name:ident($said:ty) => $files:expr,)* }
        { $($(#[$also:meta])* $word:ident: $words:ty => $meant:ident,)* }
    ) => {
        /// One entry as written.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Entry {
            id: String,
            title: String,
            level: Level,
            #[serde(rename = "ref")]
            refs: List,
            breaks: String,
            #[serde(default)]
            when: Vec<Condition>,
            #[serde(default)]
            unless: Vec<String>,
            #[serde(default)]
            with: Vec<String>,
            needs: Option<String>,
            instead: Option<String>,
            $($key: Option<$said>,)*
            $($word: Option<$words>,)*
        }

        impl Entry {
            fn control(self) -> Result<Control, String> {
                let kinds = [
                    $(self.$key.map(|said| (stringify!($key), Ok::<_, String>(Kind::$name(said)))),)*
                    $(self.$word.map(|said| (stringify!($word), said.meant(&self.id).map(Kind::$meant))),)*
                ];
                let mut kinds = kinds.into_iter().flatten();
                let (Some((key, kind)), None) = (kinds.next(), kinds.next()) else {
                    return Err("must have exactly one kind, as in `sysctl: { KEY: VALUE }`".to_owned());
                };
                let kind = kind?;
                let Self { id, title, level, refs, breaks, when, unless, with, needs, instead, .. } = self;
                let refs = refs.0;
                Ok(Control { id, title, level, refs, breaks, when, unless, with, needs, instead, key, kind })
            }
        }
    };
}

kinds!(entry);

impl Controls {
    /// The controls shipped with pryvctl.
    ///
    /// # Errors
    /// A shipped file that does not parse: a defect of this build.
    pub fn shipped() -> Result<Arc<Self>, Vec<Problem>> {
        SHIPPED.clone()
    }

    /// Reads the texts of profiles (`level*.yaml`) and of control files, each with its path.
    ///
    /// # Errors
    /// Every entry that does not fit, and what the entries contradict each other in.
    pub fn parse(texts: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<Problem>> {
        let (mut controls, mut faults) = (Self::default(), Vec::new());
        for (path, text) in texts {
            let read = if path.starts_with("level") {
                one::<Profile>(&text).map(|profile| drop(controls.profiles.insert(profile.level, profile)))
            } else {
                controls.take(&text)
            };
            let within = |fault: &Fault| Problem::error("control.unreadable", fault.within(&path));
            faults.extend(read.err().unwrap_or_default().iter().map(within));
        }
        faults.extend(controls.contradictions());
        if faults.is_empty() { Ok(controls) } else { Err(faults) }
    }

    fn take(&mut self, text: &str) -> Result<(), Vec<Fault>> {
        let Value::Array(entries) = value(text)? else {
            return Err(vec![Fault::at("", "must be a list of controls, each beginning with `- id:`")]);
        };
        let mut faults = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let named = entry["id"].as_str().map_or_else(|| format!("[{index}]"), str::to_owned);
            let control = compose::read::<Entry>(&named, entry)
                .and_then(|entry| entry.control().map_err(|message| Fault::at(named.clone(), message)));
            match control {
                Ok(control) => {
                    if let Some(earlier) = self.all.insert(control.id.clone(), control) {
                        faults.push(Fault::at(earlier.id, "is defined twice"));
                    }
                }
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// A control that takes the place of one that is not there, or needs one that brings nothing.
    fn contradictions(&self) -> Vec<Problem> {
        let all = self.all.values();
        let named = all.flat_map(|control| {
            let replaced = control.instead.as_deref().map(|other| (control, "instead", other));
            let needed = control.needs.as_deref().map(|other| (control, "needs", other));
            replaced.into_iter().chain(needed)
        });
        let wrong = named.filter_map(|(Control { id, .. }, key, other)| match self.all.get(other) {
            None => {
                let message = format!("`{id}`: `{key}` names `{other}`, which is no control");
                Some(Problem::error("control.unknown", message).hint(suggest(other, self.ids())))
            }
            Some(control) if key == "needs" && control.kind.packages().is_none() => {
                let message = format!("`{id}`: `needs` names `{other}`, which brings no package");
                Some(Problem::error("control.needs", message))
            }
            Some(_) => None,
        });
        wrong.collect()
    }
}

fn value(text: &str) -> Result<Value, Vec<Fault>> {
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| vec![syntax_fault(&error, text)])
}

fn one<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Fault>> {
    compose::read("", value(text)?).map_err(|fault| vec![fault])
}
