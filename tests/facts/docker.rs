//! What is read of Docker.

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
            "bridge": "br-03b485a97df9"
          },
          "bridge": {
            "subnets": [
              "172.18.0.0/16"
            ],
            "ours": false,
            "bridge": "docker0"
          },
          "host": {
            "subnets": [],
            "ours": false,
            "bridge": null
          },
          "none": {
            "subnets": [],
            "ours": false,
            "bridge": null
          },
          "other": {
            "subnets": [
              "172.19.0.0/16"
            ],
            "ours": false,
            "bridge": "br-bc4f83b29911"
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
