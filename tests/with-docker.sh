#!/bin/sh
# Runs a command with everything the lab needs of this machine: packages, and a Docker Engine that answers.
# An engine started here is stopped again; one that was running already is left alone.
set -eu

"$(dirname "$0")/packages.sh" docker.io mmdebstrap iptables nftables iproute2 openssh-client openssh-server sudo dnsutils curl \
    jq nmap gcc libc6-dev shellcheck python3-aiosmtpd

started=
stop() {
    [ -z "$started" ] || { kill "$started" && wait "$started" || true; }
}
trap stop EXIT
trap 'exit 130' INT TERM

if ! docker info >/dev/null 2>&1; then
    if [ -d /run/systemd/system ]; then
        systemctl start docker
    else
        dockerd >/var/log/dockerd.log 2>&1 &
        started=$!
    fi
    for _ in $(seq 100); do
        docker info >/dev/null 2>&1 && break
        if [ -n "$started" ] && ! kill -0 "$started" 2>/dev/null; then break; fi
        sleep 0.2
    done
    docker info >/dev/null 2>&1 || {
        echo "the Docker Engine does not start; its log: /var/log/dockerd.log or journalctl -u docker" >&2
        exit 1
    }
fi

"$@"
