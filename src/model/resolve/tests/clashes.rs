//! What two must not have at once: two roles, or a role and pryvctl.

use super::*;

#[test]
fn two_roles_that_clash_on_a_host_are_named() {
    let follower = "services: { store: { image: 'x/y:1', ports: ['443:1'], networks: [backend] } }\nnetworks: { backend: { name: acme_backend } }\n\
         x-pryvctl: { open: [443/tcp], files: [{ copy: sample/mime.types, path: /var/pryv/web/conf/web.yml }] }\n";
    let inventory = INVENTORY.replace("roles: [sample]", "roles: [sample, sample-follower]");
    insta::assert_snapshot!(told(&inventory, catalog(COMPOSE, TEMPLATE, follower)), @r"
    port.clash [sample-follower]
      443/tcp is published by `store` of role `sample-follower` and by `web` of role `sample`
      hint: give the roles to different hosts
    network.clash [sample-follower]
      roles/sample-follower/compose.yaml: the network `acme_backend` is `internal` in one role of this host and not in another
    ");
    let circle = COMPOSE.replace("  title:", "  after: [sample-follower]\n  title:");
    let follower = "services: { other: { image: 'x/y:1' } }\nx-pryvctl: { after: [sample] }\n";
    insta::assert_snapshot!(told(&inventory, catalog(&circle, TEMPLATE, follower)), @r"
    role.circle [sample]
      the roles `sample`, `sample-follower` form a cycle through `after`
    ");
}

#[test]
fn what_is_written_as_root_lies_where_no_container_writes() {
    insta::assert_snapshot!(all(&[
        ("path: /var/pryv/web/conf/web.yml", "path: /var/pryv/web/log/web.yml"),
        ("path: /var/pryv/web/conf/web.yml", "path: /var/pryv/web/log/deep/web.yml"),
        ("/var/pryv/web/conf:/etc/web:ro", "/var/pryv/web/conf:/etc/web"),
        ("/var/pryv/web/conf:/etc/web:ro", "/var/pryv/web:/etc/web"),
        ("{ path: /var/pryv/web/conf, mode: \"0755\" }", "{ path: /var/pryv/web/log/old, mode: \"0755\" }"),
        ("{ path: /var/pryv/web/conf, mode: \"0755\" }", "{ path: /var/pryv/web/conf, mode: \"0777\" }"),
    ]), @r"
    path.open [sample]
      roles/sample/compose.yaml: the file `/var/pryv/web/log/web.yml` lies in `/var/pryv/web/log`, which belongs to user 9999: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the file in a folder of its own, outside of `/var/pryv/web/log`
    path.open [sample]
      roles/sample/compose.yaml: the file `/var/pryv/web/log/deep/web.yml` lies in `/var/pryv/web/log`, which belongs to user 9999: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the file in a folder of its own, outside of `/var/pryv/web/log`
    path.open [sample]
      roles/sample/compose.yaml: the file `/var/pryv/web/conf/web.yml` lies in `/var/pryv/web/conf`, in which the container of `web` may write: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the file in a folder of its own, and mount that folder with `:ro`
    path.open [sample]
      roles/sample/compose.yaml: the file `/var/pryv/web/conf/mime.types` lies in `/var/pryv/web/conf`, in which the container of `web` may write: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the file in a folder of its own, and mount that folder with `:ro`
    path.open [sample]
      roles/sample/compose.yaml: the file `/var/pryv/web/conf/web.yml` lies in `/var/pryv/web`, in which the container of `web` may write: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the file in a folder of its own, and mount that folder with `:ro`
    path.open [sample]
      roles/sample/compose.yaml: the file `/var/pryv/web/conf/mime.types` lies in `/var/pryv/web`, in which the container of `web` may write: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the file in a folder of its own, and mount that folder with `:ro`
    path.open [sample]
      roles/sample/compose.yaml: the folder `/var/pryv/web/log` lies in `/var/pryv/web`, in which the container of `web` may write: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the folder outside of `/var/pryv/web`
    path.open [sample]
      roles/sample/compose.yaml: the folder `/var/pryv/web/conf` lies in `/var/pryv/web`, in which the container of `web` may write: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the folder outside of `/var/pryv/web`
    path.open [sample]
      roles/sample/compose.yaml: the folder `/var/pryv/web/log/old` lies in `/var/pryv/web/log`, which belongs to user 9999: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the folder outside of `/var/pryv/web/log`
    path.open [sample]
      roles/sample/compose.yaml: the file `/var/pryv/web/conf/web.yml` lies in `/var/pryv/web/conf`, in which users other than root may write: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the file in a folder of its own, outside of `/var/pryv/web/conf`
    path.open [sample]
      roles/sample/compose.yaml: the file `/var/pryv/web/conf/mime.types` lies in `/var/pryv/web/conf`, in which users other than root may write: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the file in a folder of its own, outside of `/var/pryv/web/conf`
    ");
}

#[test]
fn what_pryvctl_and_a_login_need_is_no_roles() {
    let file = "path: /var/pryv/web/conf/web.yml";
    let folder = "path: /var/pryv/web/conf, mode: \"0755\"";
    insta::assert_snapshot!(all(&[
        (file, "path: /etc/pryvctl/services.nft"),
        (file, "path: /var/lib/pryvctl/written"),
        (file, "path: /run/pryvctl/lock"),
        (file, "path: /var/pryv/.versions/web"),
        (file, "path: /etc/docker/daemon.json"),
        (file, "path: /etc/login.defs"),
        (file, "path: /etc/ssh/sshd_config.d/web.conf"),
        (file, "path: /etc/sudoers.d/web"),
        (file, "path: /home/admin/.ssh/authorized_keys"),
        (file, "path: /tmp/web.yml"),
        (folder, "path: /etc, mode: \"0700\""),
        (folder, "path: /root, uid: 9999"),
        (folder, "path: /var/lib/pryvctl/web, mode: \"0755\""),
    ]), @r"
    path.reserved [sample]
      roles/sample/compose.yaml: the file `/etc/pryvctl/services.nft` cannot belong to a role: pryvctl itself writes there
      hint: give the file another place, e.g. below `${DATA}`
    path.reserved [sample]
      roles/sample/compose.yaml: the file `/var/lib/pryvctl/written` cannot belong to a role: pryvctl itself writes there
      hint: give the file another place, e.g. below `${DATA}`
    path.reserved [sample]
      roles/sample/compose.yaml: the file `/run/pryvctl/lock` cannot belong to a role: pryvctl itself writes there
      hint: give the file another place, e.g. below `${DATA}`
    path.reserved [sample]
      roles/sample/compose.yaml: the file `/var/pryv/.versions/web` cannot belong to a role: pryvctl itself writes there
      hint: give the file another place, e.g. below `${DATA}`
    path.reserved [sample]
      roles/sample/compose.yaml: the file `/etc/docker/daemon.json` cannot belong to a role: pryvctl itself writes there
      hint: give the file another place, e.g. below `${DATA}`
    path.reserved [sample]
      roles/sample/compose.yaml: the file `/etc/login.defs` cannot belong to a role: pryvctl itself writes there
      hint: give the file another place, e.g. below `${DATA}`
    path.reserved [sample]
      roles/sample/compose.yaml: the file `/etc/ssh/sshd_config.d/web.conf` cannot belong to a role: logins depend on this path, and changes of a role are not reverted automatically
      hint: give the file another place, e.g. below `${DATA}`
    path.reserved [sample]
      roles/sample/compose.yaml: the file `/etc/sudoers.d/web` cannot belong to a role: logins depend on this path, and changes of a role are not reverted automatically
      hint: give the file another place, e.g. below `${DATA}`
    path.reserved [sample]
      roles/sample/compose.yaml: the file `/home/admin/.ssh/authorized_keys` cannot belong to a role: logins depend on this path, and changes of a role are not reverted automatically
      hint: give the file another place, e.g. below `${DATA}`
    path.open [sample]
      roles/sample/compose.yaml: the file `/tmp/web.yml` lies in `/tmp`, in which every user may write: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the file in a folder of its own, outside of `/tmp`
    path.reserved [sample]
      roles/sample/compose.yaml: the folder `/etc` cannot belong to a role: logins depend on this path, and changes of a role are not reverted automatically
      hint: give the folder another place, e.g. below `${DATA}`
    path.reserved [sample]
      roles/sample/compose.yaml: the folder `/root` cannot belong to a role: logins depend on this path, and changes of a role are not reverted automatically
      hint: give the folder another place, e.g. below `${DATA}`
    path.reserved [sample]
      roles/sample/compose.yaml: the folder `/var/lib/pryvctl/web` cannot belong to a role: pryvctl itself writes there
      hint: give the folder another place, e.g. below `${DATA}`
    ");
}

#[test]
fn notes_of_data_are_written_by_nobody_else() {
    insta::assert_snapshot!(all(&[
        ("/var/pryv/web/conf:/etc/web:ro", "/var/pryv:/etc/web"),
        ("/var/pryv/web/conf:/etc/web:ro", "/var:/etc/web:ro"),
        ("/var/pryv/web/conf:/etc/web:ro", "/var/pryv/.versions/web:/etc/web"),
        ("{ path: /var/pryv/web/conf, mode: \"0755\" }", "{ path: /var/pryv, uid: 9999 }"),
    ]), @r"
    path.notes [sample]
      roles/sample/compose.yaml: `/var/pryv`, in which the container of `web` may write, holds `/var/pryv/.versions`, where pryvctl notes which version opened which data: who writes there can have an older version started on the data of a newer one
      hint: mount folders below `/var/pryv`, or mount it with `:ro`
    path.open [sample]
      roles/sample/compose.yaml: the file `/var/pryv/web/conf/web.yml` lies in `/var/pryv`, in which the container of `web` may write: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the file in a folder of its own, and mount that folder with `:ro`
    path.open [sample]
      roles/sample/compose.yaml: the file `/var/pryv/web/conf/mime.types` lies in `/var/pryv`, in which the container of `web` may write: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the file in a folder of its own, and mount that folder with `:ro`
    path.open [sample]
      roles/sample/compose.yaml: the folder `/var/pryv/web/log` lies in `/var/pryv`, in which the container of `web` may write: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the folder outside of `/var/pryv`
    path.open [sample]
      roles/sample/compose.yaml: the folder `/var/pryv/web/conf` lies in `/var/pryv`, in which the container of `web` may write: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the folder outside of `/var/pryv`
    mount.docker-socket [sample]
      roles/sample/compose.yaml: `services.web.volumes[0]`: `/var` gives the container Docker's socket, and so root on the host: if you need this, write `allow: [docker-socket]` in x-pryvctl
    mount.unmanaged [sample]
      roles/sample/compose.yaml: `services.web.volumes[0]`: `/var/pryv/.versions/web` would not exist on the host: define it under `folders` or `files` of x-pryvctl
    path.notes [sample]
      roles/sample/compose.yaml: `/var/pryv/.versions/web`, in which the container of `web` may write, lies in `/var/pryv/.versions`, where pryvctl notes which version opened which data: who writes there can have an older version started on the data of a newer one
      hint: mount folders below `/var/pryv`, or mount it with `:ro`
    path.notes [sample]
      roles/sample/compose.yaml: `/var/pryv`, which belongs to user 9999, holds `/var/pryv/.versions`, where pryvctl notes which version opened which data: who writes there can have an older version started on the data of a newer one
      hint: make root its owner, and let only the owner write, for example with mode 0755
    path.open [sample]
      roles/sample/compose.yaml: the file `/var/pryv/web/conf/web.yml` lies in `/var/pryv`, which belongs to user 9999: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the file in a folder of its own, outside of `/var/pryv`
    path.open [sample]
      roles/sample/compose.yaml: the file `/var/pryv/web/conf/mime.types` lies in `/var/pryv`, which belongs to user 9999: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the file in a folder of its own, outside of `/var/pryv`
    path.open [sample]
      roles/sample/compose.yaml: the folder `/var/pryv/web/log` lies in `/var/pryv`, which belongs to user 9999: anyone who can write there could make pryvctl write another file of the host as root, through a symbolic link
      hint: put the folder outside of `/var/pryv`
    ");
}
