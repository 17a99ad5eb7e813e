//! Images: pulled with credentials that travel with the pull and are stored nowhere.

use std::time::Duration;

use bollard::{Docker, auth::DockerCredentials, query_parameters::CreateImageOptionsBuilder};
use futures_util::StreamExt as _;

use super::{
    apply::ApplyError,
    docker::{AT_ONCE, within},
    error::causes,
};
use crate::model::desired::RegistryAccess;

/// A pull that says nothing for this long has died.
const SILENCE: Duration = Duration::from_secs(120);

/// A pull may go on for so long, whatever it says.
const LONGEST: Duration = Duration::from_secs(2 * 3600);

/// How often a pull is tried again when the network failed, and after how long. dockerd remembers `/etc/hosts` for 5 s.
const AGAIN: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

/// Pulls an image. What the network spoiled is tried again; what the registry refused is not.
pub async fn pull(docker: &Docker, image: &str, registry: Option<&RegistryAccess>) -> Result<(), ApplyError> {
    let mut pauses = AGAIN.into_iter();
    loop {
        let pulled = tokio::time::timeout(LONGEST, attempt(docker, image, registry)).await;
        let Err(reason) = pulled.unwrap_or_else(|_| Err("it was not done after two hours".to_owned())) else {
            return Ok(());
        };
        match pauses.next() {
            Some(pause) if Trouble::of(&reason) == Trouble::Network => tokio::time::sleep(pause).await,
            Some(_) | None => {
                let hint = Trouble::of(&reason).hint();
                return Err(ApplyError::Pull { image: image.to_owned(), reason, hint });
            }
        }
    }
}

async fn attempt(docker: &Docker, image: &str, registry: Option<&RegistryAccess>) -> Result<(), String> {
    let (repository, tag) = split(image);
    let mut options = CreateImageOptionsBuilder::default().from_image(repository);
    if let Some(tag) = tag {
        options = options.tag(tag);
    }
    let mut progress = docker.create_image(Some(options.build()), None, credentials(image, registry));
    loop {
        match tokio::time::timeout(SILENCE, progress.next()).await {
            Ok(Some(Ok(_))) => {}
            Ok(Some(Err(error))) => return Err(causes(&error)),
            Ok(None) => return Ok(()),
            Err(_) => return Err("the registry has been silent for two minutes".to_owned()),
        }
    }
}

/// The digest under which the registry served an image that is here; `None`: it was built or loaded, not pulled.
pub async fn digest(docker: &Docker, image: &str) -> Result<Option<String>, bollard::errors::Error> {
    let found = within(AT_ONCE, docker.inspect_image(image)).await?.repo_digests.unwrap_or_default();
    Ok(digest_of(image, &found).map(str::to_owned))
}

/// An image that was pushed to several registries has a digest of each.
fn digest_of<'a>(image: &str, found: &'a [String]) -> Option<&'a str> {
    let (reference, _) = split(image);
    let repository = reference.split_once('@').map_or(reference, |(repository, _)| repository);
    let digests = found.iter().filter_map(|one| one.split_once('@'));
    digests.filter(|(of, _)| *of == repository).map(|(_, digest)| digest).next()
}

/// The repository and the tag of a reference; a digest stays with the repository. A port's colon is no tag.
fn split(image: &str) -> (&str, Option<&str>) {
    if image.contains('@') {
        return (image, None);
    }
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        Some(_) | None => (image, Some("latest")),
    }
}

/// The registry's credentials, for images of that registry and for no other.
fn credentials(image: &str, registry: Option<&RegistryAccess>) -> Option<DockerCredentials> {
    let registry = registry.filter(|registry| image.starts_with(&format!("{}/", registry.address)))?;
    let (username, password) = registry.credentials.as_ref()?;
    Some(DockerCredentials {
        username: Some(username.clone()),
        password: Some(password.expose().to_owned()),
        serveraddress: Some(registry.address.clone()),
        ..DockerCredentials::default()
    })
}

/// What spoiled a pull. Engines differ in status codes, so their words decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Disk,
    Credentials,
    NoImage,
    Certificate,
    Network,
    Other,
}

impl Trouble {
    fn of(reason: &str) -> Self {
        const WORDS: [(Trouble, &[&str]); 5] = [
            (Trouble::Disk, &["no space left"]),
            (Trouble::Credentials, &["unauthorized", "no basic auth", "denied", "authentication required"]),
            (Trouble::Network, &["no such host", "connection refused", "timeout", "no route", "silent"]),
            (Trouble::NoImage, &["manifest unknown", "not found"]),
            (Trouble::Certificate, &["x509", "certificate"]),
        ];
        let reason = reason.to_lowercase();
        let said = |words: &[&str]| words.iter().any(|word| reason.contains(word));
        WORDS.iter().find(|(_, words)| said(words)).map_or(Self::Other, |(trouble, _)| *trouble)
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Disk => {
                "free space on the filesystem of Docker's data root (`docker system df` shows what takes it), \
                 then run again"
            }
            Self::Credentials => {
                "check `registry.username` and the source of `registry.password` in the inventory"
            }
            Self::NoImage => "check the image's name and version; the registry has no such image",
            Self::Certificate => {
                "check `registry.ca` in the inventory: the registry's certificate is not signed by it"
            }
            Self::Network => {
                "check that the host reaches the registry (`registry.address`, `registry.ip`, DNS and firewalls \
                 between them)"
            }
            Self::Other => "try `docker pull` of the same image on the host for more detail",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::Secret;

    #[test]
    fn a_reference_is_split_at_its_tag() {
        assert_eq!(split("r:5000/pryvio/core:1.9.2"), ("r:5000/pryvio/core", Some("1.9.2")));
        assert_eq!(split("r:5000/pryvio/core"), ("r:5000/pryvio/core", Some("latest")));
        assert_eq!(split("r/core@sha256:aa"), ("r/core@sha256:aa", None));
    }

    #[test]
    fn the_digest_is_that_of_the_registry_it_was_pulled_from() {
        let found = ["elsewhere/core@sha256:bb".to_owned(), "r:5000/core@sha256:aa".to_owned()];
        assert_eq!(digest_of("r:5000/core:1.9.2", &found), Some("sha256:aa"));
        assert_eq!(digest_of("r:5000/core@sha256:aa", &found), Some("sha256:aa"));
        assert_eq!(digest_of("core:1.9.2", &found), None);
    }

    #[test]
    fn credentials_go_to_their_own_registry_only() {
        let registry = RegistryAccess {
            address: "r:5000".to_owned(),
            ip: None,
            ca: None,
            credentials: Some(("lab".to_owned(), Secret::new("pw"))),
        };
        assert!(credentials("r:5000/core:1", Some(&registry)).is_some());
        assert!(credentials("elsewhere/core:1", Some(&registry)).is_none());
        assert!(credentials("r:50001/core:1", Some(&registry)).is_none());
    }

    #[test]
    fn each_reason_has_its_way_out() {
        let hint = |reason: &str| Trouble::of(reason).hint();
        assert!(hint("write /x: no space left on device").contains("docker system df"));
        assert!(hint("no basic auth credentials").contains("registry.password"));
        assert!(hint("manifest for i not found").contains("no such image"));
        assert!(hint("x509: unknown authority").contains("registry.ca"));
        assert!(hint("dial tcp: connection refused").contains("registry.address"));
        assert!(hint("net/http: TLS handshake timeout").contains("registry.address"));
        assert!(hint("boom").contains("docker pull"));
    }
}
