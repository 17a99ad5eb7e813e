#!/bin/sh
# From nothing to a three-host platform on this machine, the way an administrator would type it.
# KEEP=1 leaves the lab running.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/target/debug:$PATH"
inventory=inventory/cluster.yaml
state="${XDG_STATE_HOME:-$HOME/.local/state}/pryvctl/lab/demo"

say() { printf '\n$ %s\n' "$*"; "$@"; }
finish() { [ "${KEEP:-}" = 1 ] || pryvctl lab down demo; }
trap finish EXIT

say pryvctl lab up "$inventory" --name demo
say pryvctl validate "$inventory" --lab=demo
say pryvctl preflight "$inventory" --lab=demo
say pryvctl install "$inventory" --lab=demo --yes
say pryvctl install "$inventory" --lab=demo --yes
say pryvctl status "$inventory" --lab=demo

address() { jq -r ".hosts.\"$1\".v4" "$state/lab.json"; }
printf '\nFrom outside the hosts:\n'
for host in reg1 co1 web1; do
    say curl -sS --cacert "$state/ca.pem" --resolve "$host.pryv.example.org:443:$(address $host)" \
        "https://$host.pryv.example.org/status"
done
say dig +short +time=2 +tries=2 "@$(address reg1)" co1.pryv.example.org A | tee "$state/answer"
grep -qx "$(address co1)" "$state/answer"
for host in reg1 co1 web1; do
    say nmap -n -Pn -p- --min-rate 20000 --max-retries 1 --open "$(address $host)" | tee "$state/ports"
    [ "$(grep -o '^[0-9]*/tcp' "$state/ports" | tr '\n' ' ')" = "22/tcp 443/tcp " ]
done
printf '\nEvery role is healthy, and nothing answers but 22/tcp, 443/tcp and 53/udp.\n'
