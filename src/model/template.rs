//! Templates of roles: minijinja in strict mode, so that an undefined value is an error with its line.
//!
//! A template sees `platform`, `domain`, `host`, `zone {name, title, country}`, `hosts` (all of them, by name),
//! `hosts_with("ROLE")`, `vars` (the same values as `${NAME}`), `secrets.NAME`, `tls.certificate` and `tls.key`, and
//! `registry {address, ca}`. A host has `name`, `address`, `address6`, `private_address`, `zone`, `roles`, `labels`, `data`
//! and `vars`. [`quote`] has the filters that write a secret into each format. A host's CPUs and memory are not known here: templates are rendered before any host is asked.

pub mod quote;

use std::{
    collections::BTreeMap,
    error::Error as _,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, context,
    syntax::SyntaxConfig,
    value::{Object, ObjectRepr, Serde},
};
use serde::Serialize;

use super::{
    interpolate::Scope,
    inventory::{Host, Inventory, Zone},
    material::Material,
    name::{HostName, RoleName, ZoneName},
    secret::Secret,
};

/// A host as templates see it.
#[derive(Debug, Clone, Serialize)]
pub struct View {
    name: HostName,
    address: String,
    address6: Option<String>,
    private_address: String,
    zone: ZoneName,
    roles: Vec<RoleName>,
    labels: Vec<String>,
    data: String,
    vars: Scope,
}

impl View {
    /// A host, with the values that hold on it.
    pub fn new(name: &HostName, host: &Host, vars: Scope) -> Self {
        let private = host.private_address.as_ref().unwrap_or(&host.address);
        Self {
            name: name.clone(),
            address: host.address.value.to_string(),
            address6: host.address6.as_ref().map(|address| address.value.to_string()),
            private_address: private.value.to_string(),
            zone: host.zone.value.clone(),
            roles: host.roles.iter().map(|role| role.value.clone()).collect(),
            labels: host.labels.iter().cloned().collect(),
            data: host.data_folder(),
            vars,
        }
    }
}

/// What was rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: Secret,
    /// Whether a secret was asked for on the way.
    pub secret: bool,
}

/// Why a template could not be rendered. Never holds a value that could be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template `{template}`, line {line}: {what}")]
pub struct Unrendered {
    /// The template, as its path below the roles folder.
    pub template: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// The way out, where there is a usual one.
    pub hint: Option<&'static str>,
}

const UNDEFINED: &str = "set it in the inventory, or give it a default: {{ NAME | default(\"...\") }}";

/// Renders the templates of one platform.
pub struct Renderer {
    environment: Environment<'static>,
    texts: Arc<BTreeMap<String, String>>,
    shared: Value,
    used: Arc<AtomicBool>,
}

impl Renderer {
    /// Prepares what all hosts share: the texts by path below the roles folder, the hosts, the names of all roles.
    pub fn new(
        inventory: &Inventory,
        material: &Material,
        texts: Arc<BTreeMap<String, String>>,
        hosts: &[View],
        roles: Vec<RoleName>,
    ) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_syntax(syntax());
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        // It would print every value there is, secrets too.
        environment.remove_global("debug");
        let sources = Arc::clone(&texts);
        environment.set_loader(move |name| Ok(sources.get(name).cloned()));
        quote::add(&mut environment);
        environment.add_function("hosts_with", hosts_with(hosts.to_vec(), roles));
        let used = Arc::new(AtomicBool::new(false));
        let hidden = |shown: Option<(&str, &str)>, hidden: BTreeMap<String, Secret>| {
            let shown = shown.map(|(key, value)| (key.to_owned(), value.to_owned())).into_iter().collect();
            Value::from_object(Hidden { shown, hidden, used: Arc::clone(&used) })
        };
        let key = material.tls_key.clone().map(|key| ("key".to_owned(), key));
        let shared = context! {
            platform => inventory.platform.as_str(),
            domain => inventory.domain.as_str(),
            hosts => Serde(hosts),
            secrets => hidden(None, material.secrets.clone()),
            tls => hidden(
                material.tls_certificate.as_deref().map(|text| ("certificate", text)),
                key.into_iter().collect(),
            ),
            registry => context! {
                address => inventory.registry.as_ref().map(|registry| registry.address.as_str()),
                ca => material.registry_ca.as_deref(),
            },
        };
        Self { environment, texts, shared, used }
    }

    /// Renders a template, given by its path below the roles folder, for a host.
    ///
    /// # Errors
    /// The line that cannot be rendered, and why.
    pub fn file(&self, path: &str, host: &View, zone: Option<&Zone>) -> Result<Rendered, Unrendered> {
        self.used.store(false, Ordering::Relaxed);
        let rendered =
            self.environment.get_template(path).and_then(|found| found.render(self.context(host, zone)));
        self.judge(path, rendered)
    }

    /// Renders a text that stands in a role's file.
    ///
    /// # Errors
    /// Why it cannot be rendered.
    pub fn text(&self, text: &str, host: &View, zone: Option<&Zone>) -> Result<Rendered, Unrendered> {
        self.used.store(false, Ordering::Relaxed);
        self.judge(text, self.environment.render_str(text, self.context(host, zone)))
    }

    fn context(&self, host: &View, zone: Option<&Zone>) -> Value {
        let zone = context! {
            name => host.zone.as_str(),
            title => zone.and_then(|zone| zone.title.as_ref()),
            country => zone.and_then(|zone| zone.country.as_ref()),
        };
        context! { host => Serde(host), vars => host.vars.clone(), zone => zone, ..self.shared.clone() }
    }

    fn judge(&self, template: &str, rendered: Result<String, Error>) -> Result<Rendered, Unrendered> {
        let secret = self.used.load(Ordering::Relaxed);
        rendered
            .map(|text| Rendered { text: Secret::new(text), secret })
            .map_err(|error| self.unrendered(template, &error, secret))
    }

    fn unrendered(&self, template: &str, error: &Error, secret: bool) -> Unrendered {
        let mut inner = error;
        while let Some(source) = inner.source().and_then(|source| source.downcast_ref::<Error>()) {
            inner = source;
        }
        let name = inner.name().filter(|name| self.texts.contains_key(*name)).unwrap_or(template);
        let text = self.texts.get(name).map_or(template, String::as_str);
        let expression = inner.range().and_then(|range| text.get(range)).map(|text| format!(" `{text}`"));
        // The detail of other errors may quote the value, which may come from a secret.
        let detail = inner.detail().filter(|_| !secret).map(|detail| format!(": {detail}"));
        let unfit = inner.source().and_then(|source| source.downcast_ref::<quote::Unfit>());
        let expression = expression.unwrap_or_default();
        let (what, hint) = match (inner.kind(), unfit) {
            (_, Some(unfit)) => (unfit.to_string(), None),
            (ErrorKind::UndefinedError, None) => (format!("undefined value{expression}"), Some(UNDEFINED)),
            (kind, None) => (format!("{kind}{}{expression}", detail.unwrap_or_default()), None),
        };
        let line = inner.line().unwrap_or(1);
        Unrendered { template: name.to_owned(), line, what, hint }
    }
}

/// Lines that hold only a block vanish; the newline at the end stays.
fn syntax() -> SyntaxConfig {
    let mut builder = SyntaxConfig::builder();
    let usual = builder.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    // Only delimiters can be refused, and these are the usual ones.
    usual.unwrap_or_default()
}

fn hosts_with(
    hosts: Vec<View>,
    roles: Vec<RoleName>,
) -> impl Fn(String) -> Result<Value, Error> + Send + Sync + 'static {
    move |role| {
        if !roles.iter().any(|known| known.as_str() == role) {
            return Err(Error::new(ErrorKind::InvalidOperation, format!("there is no role `{role}`")));
        }
        let has = |host: &&View| host.roles.iter().any(|own| own.as_str() == role);
        Ok(Value::from(Serde(hosts.iter().filter(has).collect::<Vec<_>>())))
    }
}

/// A map that remembers whether something hidden was taken out, and cannot be listed.
struct Hidden {
    shown: BTreeMap<String, String>,
    hidden: BTreeMap<String, Secret>,
    used: Arc<AtomicBool>,
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••")
    }
}

impl Object for Hidden {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        if let Some(text) = self.shown.get(key) {
            return Some(Value::from(text.as_str()));
        }
        let secret = self.hidden.get(key)?;
        self.used.store(true, Ordering::Relaxed);
        Some(Value::from(secret.expose()))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••")
    }
}
