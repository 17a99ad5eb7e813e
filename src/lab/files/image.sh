# Runs as mmdebstrap's last hook; $1 is the root of the new image.
set -eu
if [ -d "$1/etc/ssh" ]; then
    chroot "$1" useradd --create-home --shell /bin/bash --groups sudo admin
    chroot "$1" useradd --create-home --shell /bin/bash nosudo
    # Every host makes its own keys when sshd starts for the first time.
    rm -f "$1"/etc/ssh/ssh_host_*
    mkdir -p "$1/etc/systemd/system/ssh.service.d"
    printf '[Service]\nExecStartPre=\nExecStartPre=/usr/bin/ssh-keygen -A\nExecStartPre=/usr/sbin/sshd -t\n' \
        > "$1/etc/systemd/system/ssh.service.d/keys.conf"
fi
# A machine id is made at boot; packages come from where this lab's machine takes them, which is said at boot, too.
: > "$1/etc/machine-id"
rm -f "$1/etc/hostname" "$1/etc/resolv.conf" "$1/etc/apt/sources.list" "$1"/etc/apt/sources.list.d/*
rm -f "$1/etc/apt/apt.conf.d/99mmdebstrap" "$1/etc/apt/auth.conf.d/90lab.conf"
