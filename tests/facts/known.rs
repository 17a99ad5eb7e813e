//! What is read from hosts as they really answer.

use pryvctl::{
    facts::{Fact, Facts, state::FileState},
    plan::preflight::preflight,
};

use super::{RECORDED, desired, in_time, recorded, text};

#[test]
fn the_machine_below() {
    let facts = recorded("debian12-docker");
    let Facts { os, kernel, cpus, virtualisation, init, cgroup, login, packages, .. } = &facts;
    insta::assert_snapshot!(
        text(&(os, kernel, cpus, virtualisation, init, cgroup, login, packages)), @r#"
    [
      {
        "known": {
          "id": "debian",
          "version": "12",
          "title": "Debian GNU/Linux 12 (bookworm)"
        }
      },
      {
        "known": {
          "name": "Linux",
          "release": "6.18.44-fc-v657",
          "machine": "x86_64"
        }
      },
      {
        "known": 2
      },
      {
        "known": "docker"
      },
      {
        "known": {
          "name": "systemd",
          "state": "running",
          "failed": []
        }
      },
      {
        "known": "v1"
      },
      {
        "known": {
          "user": "root",
          "uid": 0,
          "shell": "/bin/bash",
          "password": "disabled",
          "password_expires": null,
          "expires": null
        }
      },
      {
        "known": {
          "busy": [],
          "interrupted": false,
          "sources": true
        }
      }
    ]
    "#);
}

#[test]
fn files_are_told_by_hash_and_only_harmless_ones_by_text() {
    let facts = recorded("debian12-docker");
    // A hash of a password is for nobody's eyes; it only compares.
    insta::assert_snapshot!(text(&(&facts.files, &facts.folders)), @r#"
    [
      {
        "known": {
          "/etc/docker/certs.d/registry.example.org:5000/ca.crt": null,
          "/etc/pryvctl/firewall.json": null,
          "/etc/pryvctl/services.nft": null,
          "/etc/ssh/sshd_config": {
            "mode": 420,
            "uid": 0,
            "gid": 0
          },
          "/etc/ssh/sshd_config.d/00-pryvctl.conf": {
            "mode": 420,
            "uid": 0,
            "gid": 0
          },
          "/etc/systemd/system/pryvctl-firewall.service": null,
          "/etc/systemd/system/pryvctl-services.service": null,
          "/var/lib/pryvctl/pending/docker": null,
          "/var/lib/pryvctl/pending/reload-core": null,
          "/var/pryv/core/conf/core.yml": {
            "mode": 416,
            "uid": 0,
            "gid": 9999
          },
          "/var/pryv/core/conf/secret.yml": {
            "mode": 384,
            "uid": 0,
            "gid": 0
          }
        }
      },
      {
        "known": {
          "/var/pryv": {
            "mode": 488,
            "uid": 9999,
            "gid": 9999
          },
          "/var/pryv/core/log": {
            "mode": 493,
            "uid": 0,
            "gid": 0
          }
        }
      }
    ]
    "#);
    let files = facts.files.known().unwrap();
    let text = |path: &str| {
        let state: &Option<FileState> = &files[std::path::Path::new(path)];
        state.as_ref().and_then(|state| state.text.clone())
    };
    assert_eq!(text("/var/pryv/core/conf/core.yml").unwrap(), "name: co1\nno newline at the end");
    assert_eq!(text("/var/pryv/core/conf/secret.yml"), None);
    let (_, answer) = RECORDED[0];
    assert!(!answer.contains("swordfish") && !answer.contains("a2V5OiBzd29yZGZpc2gK"));
}

#[test]
fn only_our_own_tables_are_asked_for() {
    let facts = recorded("debian12-docker");
    let tables = facts.tables.known().unwrap();
    assert_eq!(tables.keys().collect::<Vec<_>>(), ["pryvctl"]);
    assert_eq!(tables["pryvctl"]["nftables"].as_array().unwrap().len(), 6);
    assert_eq!(recorded("debian12-bare").tables, Fact::Absent);
}

#[test]
fn sshd_answers_for_our_own_login() {
    let facts = recorded("debian12-docker");
    let sshd = facts.sshd.known().unwrap();
    assert_eq!(sshd["passwordauthentication"], ["no"]);
    assert_eq!(sshd["listenaddress"].len(), 2);
    // Here `/run/sshd` was missing.
    assert_eq!(recorded("debian13-bare").sshd.known().unwrap()["passwordauthentication"], ["yes"]);
}

#[test]
fn listeners_are_the_same_with_and_without_ss() {
    insta::assert_snapshot!(text(&recorded("debian12-docker").listeners), @r#"
    {
      "known": [
        {
          "protocol": "tcp",
          "address": "0.0.0.0",
          "port": 22,
          "program": "sshd"
        },
        {
          "protocol": "tcp",
          "address": "0.0.0.0",
          "port": 8080,
          "program": "docker-proxy"
        },
        {
          "protocol": "tcp",
          "address": "127.0.0.1",
          "port": 32768,
          "program": "docker-proxy"
        },
        {
          "protocol": "tcp",
          "address": "127.0.0.1",
          "port": 41971,
          "program": "containerd"
        },
        {
          "protocol": "tcp",
          "address": "::",
          "port": 22,
          "program": "sshd"
        },
        {
          "protocol": "tcp",
          "address": "::",
          "port": 443,
          "program": "busybox"
        }
      ]
    }
    "#);
    insta::assert_snapshot!(text(&recorded("debian13-bare").listeners), @r#"
    {
      "known": [
        {
          "protocol": "tcp",
          "address": "0.0.0.0",
          "port": 22,
          "program": null
        },
        {
          "protocol": "tcp",
          "address": "::",
          "port": 22,
          "program": null
        }
      ]
    }
    "#);
}

#[test]
fn etc_hosts_is_read_whole() {
    let text = |name| recorded(name).hosts_file.known().cloned().unwrap();
    for text in [text("debian12-docker"), text("debian12-bare")] {
        assert!(text.starts_with("127.0.0.1\tlocalhost\n::1\tlocalhost ") && text.ends_with('\n'), "{text}");
    }
    assert!(text("debian12-docker").contains("\n192.0.2.1 registry.example.org # pryvctl\n"));
}

#[test]
fn a_fresh_host_makes_a_state_without_an_engine() {
    let facts = recorded("debian13-bare");
    let state = preflight(&desired(), &facts, &in_time(&facts)).state.unwrap();
    assert_eq!(state.docker.engine, None);
    assert!(
        state.docker.containers.is_empty()
            && state.docker.networks.is_empty()
            && state.docker.images.is_empty()
    );
    assert!(state.system.files.values().flatten().count() == 1, "only sshd_config is there");
}

#[test]
fn a_host_in_use_makes_a_state_with_all_of_it() {
    let facts = recorded("debian12-docker");
    let state = preflight(&desired(), &facts, &in_time(&facts)).state.unwrap();
    assert_eq!(state.docker.containers.len(), 2);
    assert!(state.docker.networks["acme_frontend"].ours && !state.docker.networks["bridge"].ours);
    assert!(state.system.units["docker.service"].active && state.system.units["docker.service"].enabled);
    assert!(!state.system.units["pryvctl-firewall.service"].exists);
}
