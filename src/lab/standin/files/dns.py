"""A stand-in for the platform's DNS server: a real authoritative server (nsd) fed from the role's configuration.

It translates the role's dns.json into a zone, runs nsd on it, translates again on SIGHUP, ends with it on SIGTERM.
The server's version is the answer to `version.bind CH TXT`.

Environment: STANDIN_VERSION; STANDIN_CONFIG (the JSON file).
"""

import json
import os
import signal
import socket
import subprocess
import sys
import zlib

FOLDER = "/tmp/nsd"


def zone(config):
    """The zone file: one record a line, each once, whatever the number of hosts that asked for it."""
    domain = config["domain"].rstrip(".") + "."
    servers = sorted({absolute(name, domain) for name in config["nameservers"]})
    records = {f"@ NS {server}" for server in servers}
    for host in config["hosts"]:
        for name in host["names"]:
            for address in host["addresses"]:
                records.add(f"{absolute(name, domain)} {'AAAA' if ':' in address else 'A'} {address}")
    body = "\n".join(sorted(records)) + "\n"
    # Another content is another serial, which is all that secondaries would need.
    serial = zlib.crc32(body.encode())
    head = f"$ORIGIN {domain}\n$TTL {config['ttl']}\n@ SOA {servers[0]} hostmaster {serial} 3600 600 86400 60\n"
    return domain, head + body


def absolute(name, domain):
    return f"{name}.{domain}"


def server(domain, port, version):
    addresses = ["0.0.0.0"] + (["::0"] if socket.has_dualstack_ipv6() else [])
    listen = "\n".join(f"  ip-address: {address}@{port}" for address in addresses)
    return f"""server:
{listen}
  server-count: 1
  username: ""
  database: ""
  pidfile: ""
  xfrdfile: ""
  xfrdir: {FOLDER}
  zonesdir: {FOLDER}
  zonelistfile: {FOLDER}/zone.list
  version: "stand-in {version}"
remote-control:
  control-enable: no
zone:
  name: {domain}
  zonefile: zone
"""


def write():
    with open(os.environ["STANDIN_CONFIG"], encoding="utf-8") as file:
        config = json.load(file)
    domain, records = zone(config)
    os.makedirs(FOLDER, exist_ok=True)
    for name, text in (("zone", records), ("nsd.conf", server(domain, config["port"], os.environ["STANDIN_VERSION"]))):
        with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as file:
            file.write(text)


def main():
    write()
    child = subprocess.Popen(["nsd", "-d", "-c", os.path.join(FOLDER, "nsd.conf")])

    def reload(number, frame):
        try:
            write()
            child.send_signal(signal.SIGHUP)
        except (OSError, ValueError, KeyError) as error:
            print(f"kept the old zone: {error!r}", flush=True)

    signal.signal(signal.SIGHUP, reload)
    signal.signal(signal.SIGTERM, lambda number, frame: child.terminate())
    return child.wait()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, KeyError) as error:
        print(f"cannot start: {error!r}", flush=True)
        sys.exit(1)
