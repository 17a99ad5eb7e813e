//! A version of what opens data, and how it compares with another.

use std::cmp::Ordering;

use crate::facts::state::{ContainerState, HostState};

/// An image by what it is called, and by what it is, where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version<'a> {
    /// The reference.
    pub image: &'a str,
    /// The id; `None`: the image is not on the host, or it was not noted.
    pub id: Option<&'a str>,
}

impl<'a> Version<'a> {
    /// What a reference leads to on a host.
    pub fn of(image: &'a str, state: &'a HostState) -> Self {
        let by_digest = || {
            let (rest, digest) = image.split_once('@')?;
            let tag = rest.rfind(':').filter(|at| !rest[*at..].contains('/')).unwrap_or(rest.len());
            state.docker.images.get(&format!("{}@{digest}", &rest[..tag]))
        };
        let id =
            state.docker.images.get(image).or_else(|| state.docker.images.get(&format!("{image}:latest")));
        Self { image, id: id.or_else(by_digest).map(String::as_str) }
    }

    /// What a container was made from.
    pub fn in_container(found: &'a ContainerState) -> Self {
        Self { image: &found.image, id: Some(&found.image_id) }
    }

    /// Whether its major version is older than the other's, the same or newer; `None`: that cannot be told. A tag that names
    /// no version may lead to another image tomorrow: there only the image tells.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        let same_image = self.id.is_some() && self.id == other.id;
        let (one, other) = (Reference::of(self.image), Reference::of(other.image));
        let same_name = one.name == other.name;
        match (one.major(), other.major()) {
            (Some(one), Some(other)) if same_name => Some(one.cmp(&other)),
            (Some(_) | None, _) => {
                let same = same_image || same_name && one.digest.is_some() && one.digest == other.digest;
                same.then_some(Ordering::Equal)
            }
        }
    }

    /// Whether one reads what the other wrote.
    pub fn is_like(&self, other: &Self) -> bool {
        self.compare(other) == Some(Ordering::Equal)
    }

    /// The last part of the repository.
    pub fn name(&self) -> &'a str {
        Reference::of(self.image).name
    }
}

/// An image reference in parts: `registry:5000/pryvio/mongodb:4.2@sha256:1f...`.
struct Reference<'a> {
    /// The last part of the repository: where images come from says nothing about what they are.
    name: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Reference<'a> {
    fn of(image: &'a str) -> Self {
        let (rest, digest) = match image.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (image, None),
        };
        let last = rest.rsplit('/').next().unwrap_or(rest);
        let (name, tag) = match last.split_once(':') {
            Some((name, tag)) => (name, Some(tag)),
            None => (last, None),
        };
        Self { name, tag, digest }
    }

    /// The first number of the tag; `None`: it begins with none.
    fn major(&self) -> Option<u64> {
        let tag = self.tag?.trim_start_matches('v');
        let digits = tag.find(|one: char| !one.is_ascii_digit()).unwrap_or(tag.len());
        tag[..digits].parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_by_what_names_them() {
        use Ordering::{Equal, Greater, Less};
        for (one, other, expected) in [
            ("redis:1", "redis:1.4.2", Some(Equal)),
            ("redis:1.9", "redis:10.0", Some(Less)),
            ("redis:2", "redis:1", Some(Greater)),
            ("a.test:5000/pryvio/redis:1.9.0", "b.test/redis:v1.10", Some(Equal)),
            ("mongo:4.4-focal@sha256:1", "mongo:4.2@sha256:2", Some(Equal)),
            ("mongo:bullseye-4.4", "mongo:bullseye-5.0", None),
            ("mongo@sha256:1111", "mongo@sha256:2222", None),
            ("mongo@sha256:1111", "mongo@sha256:1111", Some(Equal)),
            ("mongo:latest@sha256:1111", "mongo:stable@sha256:1111", Some(Equal)),
            ("mongo:latest", "mongo:5", None),
            ("mongo:4", "percona:4", None),
            // Only the image tells: today's is not tomorrow's.
            ("a.test:5000/redis", "a.test:5001/redis", None),
            ("mongo:latest", "mongo:latest", None),
            ("mongo:latest", "mongo:latest@sha256:1111", None),
        ] {
            let [left, right] = [one, other].map(|image| Version { image, id: None });
            assert_eq!(left.compare(&right), expected, "{one} {other}");
            assert_eq!(right.compare(&left), expected.map(Ordering::reverse), "{other} {one}");
        }
    }

    #[test]
    fn the_same_image_is_the_same_version_whatever_it_is_called() {
        let version = |image, id| Version { image, id };
        assert!(
            version("a.test/redis:stable", Some("1")).is_like(&version("b.test/redis@sha256:2", Some("1")))
        );
        assert!(!version("redis:stable", Some("1")).is_like(&version("redis:stable", Some("2"))));
        assert!(!version("redis:stable", Some("1")).is_like(&version("redis:stable", None)));
    }

    #[test]
    fn an_image_is_found_by_each_of_its_names() {
        let names = ["a.test:5000/redis:latest", "a.test:5000/redis@sha256:11"];
        let images = names.map(|name| (name.to_owned(), "1".to_owned())).into();
        let mut state = HostState::default();
        state.docker.images = images;
        for name in ["a.test:5000/redis", "a.test:5000/redis:2@sha256:11", "a.test:5000/redis@sha256:11"] {
            assert_eq!(Version::of(name, &state).id, Some("1"), "{name}");
        }
        assert_eq!(Version::of("a.test:5000/redis:2", &state).id, None);
    }
}
