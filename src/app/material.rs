//! Reads what an inventory refers to: variables of the environment, files beside it. Everything missing is said at once.

use std::path::{Path, PathBuf};

use crate::model::{
    inventory::{Inventory, SourceKey},
    material::Material,
    problem::{Place, Problem},
    secret::{Secret, SecretSource},
};

/// Stands where a secret is missing, so that everything else can still be checked.
const MISSING: &str = "missing";

/// Reads all of it. Relative paths start at the inventory's folder, `~/` at the user's home. Every variable that is not set
/// and every file that cannot be read is a problem and has a placeholder; the caller judges.
pub fn read(inventory: &Inventory, folder: &Path) -> (Material, Vec<Problem>) {
    let mut material = Material::default();
    let mut problems = Vec::new();
    for source in inventory.sources() {
        let found = secret(source.source, source.place, folder).unwrap_or_else(|problem| {
            // Hosts share the platform's passphrase; that it is missing is said once.
            if !problems.contains(&*problem) {
                problems.push(*problem);
            }
            Secret::new(MISSING)
        });
        put(&mut material, source.key, found);
    }
    if let Some(ca) = inventory.registry.as_ref().and_then(|registry| registry.ca.as_ref()) {
        let place = inventory.place(&["registry", "ca"]);
        material.registry_ca = Some(file(ca, folder).unwrap_or_else(|problem| {
            problems.push(problem.at(place));
            MISSING.to_owned()
        }));
    }
    for (path, place) in inventory.watch.authorities() {
        match file(path, folder) {
            Ok(text) => drop(material.authorities.insert(path.to_owned(), text)),
            Err(problem) => problems.push(problem.at(inventory.place(&place.each_ref().map(String::as_str)))),
        }
    }
    (material, problems)
}

/// A path as the user means it: `~/` is home, anything relative starts at the inventory's folder.
pub fn expand(path: &Path, folder: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        (Ok(_), None) | (Err(_), _) => folder.join(path),
    }
}

/// Reads one.
///
/// # Errors
/// A variable that is not set, a file that cannot be read.
pub fn secret(source: &SecretSource, place: Option<Place>, folder: &Path) -> Result<Secret, Box<Problem>> {
    match source {
        SecretSource::Value(secret) => Ok(secret.clone()),
        SecretSource::Env(name) => variable(name).map_err(|problem| Box::new(problem.at(place))),
        SecretSource::File(path) => {
            let text = file(path, folder).map_err(|problem| Box::new(problem.at(place)))?;
            Ok(Secret::new(text.strip_suffix('\n').unwrap_or(&text)))
        }
    }
}

fn variable(name: &str) -> Result<Secret, Box<Problem>> {
    let message = match std::env::var(name) {
        Ok(value) if !value.is_empty() => return Ok(Secret::new(value)),
        Ok(_) => format!("the environment variable `{name}` is empty"),
        Err(std::env::VarError::NotPresent) => format!("the environment variable `{name}` is not set"),
        Err(std::env::VarError::NotUnicode(_)) => format!("the environment variable `{name}` is not UTF-8"),
    };
    let hint =
        format!("set it in this shell: `read -rs {name} && export {name}` keeps it out of the history");
    Err(Box::new(Problem::error("secret.variable", message).hint(hint)))
}

fn file(path: &Path, folder: &Path) -> Result<String, Box<Problem>> {
    let whole = expand(path, folder);
    std::fs::read_to_string(&whole).map_err(|error| {
        let message = format!("cannot read {}: {error}", whole.display());
        Box::new(
            Problem::error("secret.file", message)
                .hint("relative paths start at the folder of the inventory"),
        )
    })
}

fn put(material: &mut Material, key: SourceKey, secret: Secret) {
    match key {
        SourceKey::Secret(name) => drop(material.secrets.insert(name, secret)),
        SourceKey::RegistryPassword => material.registry_password = Some(secret),
        SourceKey::TlsCertificate => material.tls_certificate = Some(secret.expose().to_owned()),
        SourceKey::TlsKey => material.tls_key = Some(secret),
        SourceKey::Passphrase(host) => drop(material.passphrases.insert(host, secret)),
        SourceKey::SudoPassword(host) => drop(material.sudo_passwords.insert(host, secret)),
        SourceKey::BreakGlassPassword(host) => drop(material.break_glass_passwords.insert(host, secret)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
platform: acme
domain: pryv.example.org
admin_networks: [192.0.2.0/24]
ssh: { sudo_password: { file: sudo } }
registry: { address: 'r:5000', ca: ca.pem, username: u, password: { env: PRYVCTL_TEST_NEVER_SET } }
secrets: { one: { value: inline } }
zones: { eu: {} }
hosts:
  a: { address: 203.0.113.1, zone: eu, roles: [core] }
  b: { address: 203.0.113.2, zone: eu, roles: [core], ssh: { passphrase: { file: b/phrase } } }
";

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("pryvctl-material-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("b")).unwrap();
        folder
    }

    #[test]
    fn everything_missing_is_said_once_and_points_at_its_line() {
        let inventory = Inventory::parse(TEXT).unwrap();
        let (material, problems) = read(&inventory, &folder("missing"));
        assert_eq!(material.registry_ca.as_deref(), Some(MISSING));
        let lines: Vec<_> = problems
            .iter()
            .map(|problem| (problem.rule, TEXT[..problem.at.unwrap().offset].matches('\n').count() + 1))
            .collect();
        let expected = [("secret.variable", 5), ("secret.file", 4), ("secret.file", 10), ("secret.file", 5)];
        assert_eq!(lines, expected);
    }

    #[test]
    fn files_are_read_and_one_newline_is_cut() {
        let folder = folder("files");
        for (name, text) in [("sudo", "s3\n\n"), ("b/phrase", "p"), ("ca.pem", "PEM\n")] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let text = TEXT.replace("{ env: PRYVCTL_TEST_NEVER_SET }", "{ value: hunter2 }");
        let (material, problems) = read(&Inventory::parse(&text).unwrap(), &folder);
        assert_eq!(problems, []);
        let [a, b] = ["a", "b"].map(|name| name.parse().unwrap());
        assert_eq!(material.sudo_passwords[&a].expose(), "s3\n");
        assert_eq!(material.sudo_passwords[&b].expose(), "s3\n");
        assert_eq!(material.passphrases.get(&a), None);
        assert_eq!(material.passphrases[&b].expose(), "p");
        assert_eq!(material.registry_ca.as_deref(), Some("PEM\n"));
        assert_eq!(material.secrets["one"].expose(), "inline");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn home_and_the_folder_of_the_inventory() {
        let home = std::env::home_dir().unwrap();
        let folder = Path::new("/srv/acme");
        assert_eq!(expand(Path::new("~/.ssh/id"), folder), home.join(".ssh/id"));
        assert_eq!(expand(Path::new("keys/id"), folder), folder.join("keys/id"));
        assert_eq!(expand(Path::new("/etc/id"), folder), Path::new("/etc/id"));
    }
}
