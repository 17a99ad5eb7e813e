# Makes a fresh host this lab's: who may log in, and where packages come from. The values are set above.
set -eu
umask 022

# An unchanged file is left alone, so that `lab up` of a standing lab touches nothing.
put() {
    [ -e "$1" ] && [ "$(cat "$1"; echo .)" = "$3." ] && return
    printf %s "$3" > "$1.new"
    chmod "$2" "$1.new"
    mv "$1.new" "$1"
}
mkdir -p /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/apt/auth.conf.d
put /etc/apt/sources.list.d/debian.sources 644 "$SOURCES"
put /etc/apt/apt.conf.d/90lab 644 "$OPTIONS"
put /etc/apt/auth.conf.d/90lab.conf 600 "$AUTH"

# Once only: by the next `lab up` the host may have been hardened, and its users changed.
[ -e /etc/pryvctl-lab ] && exit
for user in root admin nosudo; do
    home=$(getent passwd "$user" | cut -d: -f6)
    mkdir -p "$home/.ssh"
    put "$home/.ssh/authorized_keys" 600 "$KEY"
    chmod 700 "$home/.ssh"
    chown -R "$user:$user" "$home/.ssh"
done
printf 'admin:%s\n' "$SUDO_PASSWORD" | chpasswd
: > /etc/pryvctl-lab
