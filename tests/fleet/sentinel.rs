//! Secrets, looked for in everything that others can read: each as it is, in base64, and as the hashes from which a weak one
//! can be guessed.
//!
//! A decoy that is no secret is put into every one of these places: a search that does not find it there proves nothing.
//! A sampler cannot see every process; but every script a host is sent is in the transcript of a run with `-v -v`.

use std::fs;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};

use super::world::World;

/// On the host; root only.
const FOLDER: &str = "/run/sentinel";

/// What others can read, each with the script that prints it.
const PLACES: [(&str, &str); 6] = [
    ("the journal", "journalctl -q --no-pager -o cat"),
    ("log files", "find /var/log -type f ! -path '*/journal/*' -exec cat {} +"),
    (
        "docker inspect",
        "command -v docker >/dev/null && { docker ps -aq; docker images -q; docker network ls -q; docker volume ls -q; } \
         | sort -u | xargs -r docker inspect",
    ),
    (
        "logs of containers",
        "command -v docker >/dev/null && for id in $(docker ps -aq); do docker logs $id 2>&1; done",
    ),
    ("arguments of processes", "cat /run/sentinel/arguments"),
    (
        "files",
        "find /etc /home /opt /root /run /srv /tmp /var/lib/pryvctl /var/pryv -xdev -type f -perm -o=r -exec cat {} +; \
         cat /root/.docker/* /home/*/.docker/* 2>/dev/null",
    ),
];

/// A secret, and everything made of it by which it is known or can be guessed: files hold it with a newline at the end.
/// Base64 is cut so that what follows the secret does not matter.
fn shapes(name: &str, word: &str) -> Vec<(String, String)> {
    let hex = |hash: &[u8]| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut shapes = vec![(name.to_owned(), word.to_owned())];
    let mut add = |how: &str, shape: String| shapes.push((format!("{name}, {how}"), shape));
    let whole = word.len() - word.len() % 3;
    add("in base64", BASE64_STANDARD.encode(&word[..whole]));
    for (what, text) in [("it", word.to_owned()), ("it and a newline", format!("{word}\n"))] {
        let hash = Sha256::digest(&text);
        add(&format!("the hash of {what}"), hex(&hash));
        add(
            &format!("the hash of {what} in base64"),
            BASE64_STANDARD.encode(hash).trim_end_matches('=').to_owned(),
        );
    }
    shapes
}

/// The words that nobody may see, and one that is to be found everywhere.
pub struct Sentinels {
    secrets: Vec<(String, String)>,
    /// What is to be found.
    pub decoy: &'static str,
}

impl Sentinels {
    /// The secrets of a lab, and others by name.
    pub fn of(world: &World, others: &[(&str, &str)]) -> Self {
        let read = |file: &str| fs::read_to_string(world.lab_file(file)).unwrap();
        let files = ["registry", "sudo", "of-inventory/admin_key", "of-inventory/redis_password"];
        let of_files =
            files.map(|file| (file.to_owned(), read(&format!("secrets/{file}")).trim().to_owned()));
        // The first line of a key is the same in all keys of a kind.
        let key = read("platform.key").lines().nth(2).unwrap().to_owned();
        let others = others.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned()));
        let secrets: Vec<_> =
            of_files.into_iter().chain([("tls key".to_owned(), key)]).chain(others).collect();
        assert!(secrets.iter().all(|(_, word)| word.len() >= 12), "a short word is found by chance");
        let secrets = secrets.iter().flat_map(|(name, word)| shapes(name, word)).collect();
        Self { secrets, decoy: "decoy-of-no-value" }
    }

    /// From now on the arguments of processes are sampled on a host.
    pub fn watch(&self, world: &World, host: &str) {
        let words: Vec<&str> =
            self.secrets.iter().map(|(_, word)| word.as_str()).chain([self.decoy]).collect();
        world.feed(host, &format!("umask 077; mkdir {FOLDER}; cat >{FOLDER}/words"), &words.join("\n"));
        let sampler = format!(
            "while :; do grep -aF -f {FOLDER}/words /proc/[0-9]*/cmdline; sleep 0.2; done 2>/dev/null >>{FOLDER}/arguments"
        );
        world.on(host, &format!("umask 077; setsid sh -c '{sampler}' >/dev/null 2>&1 </dev/null &"));
    }

    /// Puts the decoy where only root's own carelessness would put a secret. A container has it already.
    pub fn plant(&self, world: &World, host: &str) {
        let decoy = self.decoy;
        world.on(
            host,
            &format!(
                "logger {decoy}; echo {decoy} >/var/log/decoy; echo {decoy} >/etc/decoy; chmod 644 /etc/decoy; \
                 setsid sh -c 'while sleep 5; do :; done' {decoy} >/dev/null 2>&1 </dev/null &"
            ),
        );
    }

    /// Finds no secret on any of the hosts, and the decoy in every place of the first.
    pub fn search(&self, world: &World, hosts: &[&str]) {
        for (index, host) in hosts.iter().enumerate() {
            for (place, print) in PLACES {
                let found = world.on(host, &format!("{{ {print}; }} | grep -aF -f {FOLDER}/words || true"));
                self.clean(&format!("{place} of {host}"), &found);
                assert!(index > 0 || found.contains(self.decoy), "{place} of {host} were not searched");
            }
        }
    }

    /// Finds no secret in a text.
    pub fn clean(&self, place: &str, text: &str) {
        for (name, word) in &self.secrets {
            let line = text.lines().find(|line| line.contains(word.as_str()));
            assert!(line.is_none(), "{name} is in {place}: {}", line.unwrap_or_default());
        }
    }
}
