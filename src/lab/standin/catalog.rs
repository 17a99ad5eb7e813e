//! The images of the platform and what stands in for each.

/// An image repository with the versions that the lab's registry gets.
#[derive(Debug, Clone, Copy)]
pub struct Repository {
    /// Its name, as in `pryvio/core`.
    pub name: &'static str,
    /// The version of Pryv.io 1.9 and the one an upgrade goes to.
    pub versions: [&'static str; 2],
    /// What runs in it.
    pub program: Program,
    /// Whether the second version also comes as one that never becomes healthy.
    pub broken: Broken,
}

/// What runs in a stand-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// nginx, reading `/app/conf/nginx.conf`.
    Nginx,
    /// redis, reading `/app/conf/redis.conf`.
    Redis,
    /// nsd on 5353/udp, fed from `/app/conf/dns.json`.
    Dns,
    /// Our HTTP application on these ports; its configuration is `/app/conf/NAME.json`.
    App(&'static [u16]),
}

/// Whether there is a variant for tests of failing upgrades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// There is: the tag `VERSION-unhealthy` starts and never becomes healthy.
    Unhealthy,
    /// There is none.
    None,
}

/// One image of the lab's registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image {
    /// Its repository, as in `pryvio/core`.
    pub repository: &'static str,
    /// The version it reports.
    pub version: &'static str,
    /// What runs in it.
    pub program: Program,
    /// Whether it ever becomes healthy.
    pub broken: Broken,
}

impl Image {
    /// Its tag: the version, marked when it is the broken one.
    pub fn tag(&self) -> String {
        match self.broken {
            Broken::None => self.version.to_owned(),
            Broken::Unhealthy => format!("{}-unhealthy", self.version),
        }
    }

    /// Repository and tag, without the registry.
    pub fn reference(&self) -> String {
        format!("{}:{}", self.repository, self.tag())
    }

    /// The last part of the repository's name, as in `core`.
    pub fn short_name(&self) -> &'static str {
        self.repository.rsplit('/').next().unwrap_or(self.repository)
    }
}

/// Versions, images and inner ports are those of Pryv.io's release 1.9.2; the second version is the next patch.
pub const REPOSITORIES: [Repository; 14] = [
    unhealthy("pryvio/nginx", ["1.9.0", "1.9.1"], Program::Nginx),
    unhealthy("pryvio/core", ["1.9.2", "1.9.3"], Program::App(&[3000, 3001, 3002, 3003, 3004, 3005])),
    plain("pryvio/hfs", ["1.9.2", "1.9.3"], Program::App(&[3000, 3001])),
    plain("pryvio/preview", ["1.9.2", "1.9.3"], Program::App(&[9000])),
    plain("pryvio/webhooks", ["1.9.2", "1.9.3"], Program::App(&[])),
    plain("pryvio/mfa", ["1.1.9", "1.1.10"], Program::App(&[7000])),
    plain("pryvio/mongodb", ["1.9.0", "1.9.1"], Program::App(&[27017])),
    plain("influxdb", ["1.7.8", "1.7.9"], Program::App(&[8086])),
    plain("pryvio/register", ["1.9.2", "1.9.3"], Program::App(&[9000])),
    plain("pryvio/dns", ["1.9.2", "1.9.3"], Program::Dns),
    plain("pryvio/redis", ["1.9.0", "1.9.1"], Program::Redis),
    plain("pryvio/mail", ["1.9.0", "1.9.1"], Program::App(&[9000])),
    plain("pryvio/app-web-admin", ["1.2.1", "1.2.2"], Program::App(&[80])),
    plain("pryvio/app-web-auth3", ["1.0.8", "1.0.9"], Program::App(&[80])),
];

const fn plain(name: &'static str, versions: [&'static str; 2], program: Program) -> Repository {
    Repository { name, versions, program, broken: Broken::None }
}

const fn unhealthy(name: &'static str, versions: [&'static str; 2], program: Program) -> Repository {
    Repository { broken: Broken::Unhealthy, ..plain(name, versions, program) }
}

/// Every image, in the order of the table.
pub fn images() -> Vec<Image> {
    REPOSITORIES.iter().flat_map(Repository::images).collect()
}

impl Repository {
    fn images(&self) -> Vec<Image> {
        let image = |version, broken| Image { repository: self.name, version, program: self.program, broken };
        let [old, new] = self.versions;
        let mut images = vec![image(old, Broken::None), image(new, Broken::None)];
        match self.broken {
            Broken::Unhealthy => images.push(image(new, Broken::Unhealthy)),
            Broken::None => {}
        }
        images
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_image_has_a_name_of_its_own() {
        let all: Vec<String> = images().iter().map(Image::reference).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        for wanted in
            ["pryvio/core:1.9.2", "pryvio/core:1.9.3-unhealthy", "influxdb:1.7.9", "pryvio/mfa:1.1.10"]
        {
            assert!(all.iter().any(|name| name == wanted), "{wanted}");
        }
    }
}
