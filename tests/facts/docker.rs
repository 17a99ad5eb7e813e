//! What is read of Docker.

use pryvctl::facts::Probe as _;

use super::{recorded, text};

#[test]
fn the_engine_is_read_with_its_images() {
    let facts = recorded("debian12-docker");
    insta::assert_snapshot!(text(&(&facts.docker, &facts.daemon_json, &facts.images)), @r#"
    [
      {
        "known": {
          "running": {
            "engine": {
              "version": "20.10.24+dfsg1",
              "root": "/var/lib/docker",
              "swarm": false,
              "cli": true
            },
            "driver": "overlay2",
            "live_restore": true
          }
        }
      },
      {
        "known": {
          "live-restore": true,
          "log-driver": "local"
        }
      },
      {
        "known": {
          "registry.example.org:5000/pryvio/core:1.9.2": "sha256:99c566cd1d9a1d0525e9349004d147589b079473e6bb3852d57f02eab7edca4a"
        }
      }
    ]
    "#);
}

#[test]
fn networks_volumes_and_foreign_containers_are_read() {
    let facts = recorded("debian12-docker");
    insta::assert_snapshot!(text(&(&facts.networks, &facts.volumes, &facts.foreign_containers)), @r#"
    [
      {
        "known": {
          "acme_frontend": {
            "subnets": [
              "172.28.0.0/24"
            ],
            "ours": true,
            "bridge": "br-03b485a97df9",
            "internal": false
          },
          "bridge": {
            "subnets": [
              "172.18.0.0/16"
            ],
            "ours": false,
            "bridge": "docker0",
            "internal": false
          },
          "host": {
            "subnets": [],
            "ours": false,
            "bridge": null,
            "internal": false
          },
          "none": {
            "subnets": [],
            "ours": false,
            "bridge": null,
            "internal": false
          },
          "other": {
            "subnets": [
              "172.19.0.0/16"
            ],
            "ours": false,
            "bridge": "br-bc4f83b29911",
            "internal": false
          }
        }
      },
      {
        "known": [
          "acme_data"
        ]
      },
      {
        "known": [
          "web"
        ]
      }
    ]
    "#);
}

#[test]
fn containers_of_ours_are_read_with_their_labels_and_addresses() {
    insta::assert_snapshot!(text(&recorded("debian12-docker").containers), @r#"
    {
      "known": {
        "states": [
          {
            "name": "acme_core_a",
            "role": "core",
            "service": "core",
            "slot": "a",
            "restart": "unless-stopped",
            "image": "registry.example.org:5000/pryvio/core:1.9.2",
            "image_id": "sha256:99c566cd1d9a1d0525e9349004d147589b079473e6bb3852d57f02eab7edca4a",
            "status": "running",
            "health": "healthy",
            "addresses": {
              "acme_frontend": [
                "172.28.0.10"
              ]
            },
            "started": "2026-11-21T20:22:10.261094421Z"
          },
          {
            "name": "acme_core_b",
            "role": "core",
            "service": "core",
            "slot": "b",
            "restart": "unless-stopped",
            "image": "registry.example.org:5000/pryvio/core:1.9.2",
            "image_id": "sha256:99c566cd1d9a1d0525e9349004d147589b079473e6bb3852d57f02eab7edca4a",
            "status": "created",
            "health": null,
            "addresses": {
              "acme_frontend": [
                "172.28.0.11"
              ]
            },
            "started": "0001-01-01T00:00:00Z"
          }
        ],
        "published": [
          [
            "tcp",
            32768
          ]
        ]
      }
    }
    "#);
}

#[test]
fn docker_is_told_apart_by_how_it_is_missing() {
    let docker = |name| text(&recorded(name).docker);
    insta::assert_snapshot!(docker("debian12-bare"), @r#"
    "absent"
    "#);
    insta::assert_snapshot!(docker("debian13-no-docker-command"), @r#"
    {
      "known": {
        "no_command": {
          "engine": {
            "version": "26.1.5+dfsg1",
            "root": "/var/lib/docker",
            "swarm": false,
            "cli": false
          },
          "containers": 0
        }
      }
    }
    "#);
    insta::assert_snapshot!(docker("debian13-docker-stopped"), @r#"
    {
      "known": {
        "silent": "dockerd is not running"
      }
    }
    "#);
}

/// What may be a secret does not leave the host.
#[test]
fn of_a_command_line_names_are_read_and_harmless_values() {
    let question = pryvctl::facts::footing::Underneath.question();
    let start = question.find("awk '").unwrap() + 5;
    let program = &question[start..start + question[start..].find('\'').unwrap()];
    let words = "/usr/sbin/dockerd\n-H\nfd://\n-b\nnone\n--ip-masq=0\n--live-restore\n--log-opt\nsplunk-token=s\n\
                 --http-proxy=http://u:s@p\n--default-address-pool\nbase=10.0.0.0/8,size=24\n--firewall-backend=nftables";
    let printed = std::process::Command::new("sh")
        .args(["-c", r#"printf '%s\n' "$1" | awk "$2""#, "sh", words, program])
        .output()
        .unwrap();
    insta::assert_snapshot!(String::from_utf8(printed.stdout).unwrap(), @r"
    switch --bridge=none
    switch --ip-masq=0
    switch --live-restore
    switch --log-opt
    switch --http-proxy
    switch --default-address-pool=base=10.0.0.0/8,size=24
    switch --firewall-backend=nftables
    ");
}
