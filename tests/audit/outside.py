"""What answers from outside: a scan from a second host, and everything that must go on serving."""

import re
import subprocess
import time
from pathlib import Path

from network import V4, V6
from shell import say

NAME_TCP, NAME_UDP = "open TCP ports from outside, IPv4; IPv6", "open UDP ports from outside, IPv4"
COMMAND = "nmap -p- / nmap -sU"
BY_HAND = 5432
# The port on which the second host answers what goes out.
EGRESS = 8000


def measure(machine, _context):
    """All TCP ports in both families, and the usual UDP ports."""
    flags = ["nmap", "-n", "-Pn", "--open", "--min-rate", "3000", "--max-retries", "2"]
    tcp = [
        _ports(machine.network.outside(*flags, *family, "-p-", address), "tcp")
        for family, address in (([], V4["machine"]), (["-6"], V6["machine"]))
    ]
    udp = _ports(machine.network.outside(*flags, "-sU", "--top-ports", "100", V4["machine"]), "udp")
    return {"figures": {NAME_TCP: "; ".join(tcp), NAME_UDP: udp}, "failing": {}}


def _ports(said, protocol):
    # `open|filtered` is what silence looks like.
    return ", ".join(re.findall(rf"^(\d+)/{protocol} +open ", said, re.MULTILINE)) or "none"


def publish_by_hand(machine):
    """Somebody publishes a port past pryvctl."""
    machine.ssh(f"docker run -d --name by-hand --restart unless-stopped -p {BY_HAND}:8080 audit/web:1 > /dev/null")


def unpublish_by_hand(machine):
    """That goes again."""
    machine.ssh("docker rm -f by-hand > /dev/null 2>&1", check=False)


class Egress:
    """The second host's answer to what goes out, while this lives."""

    def __init__(self, network):
        self.network = network

    def __enter__(self):
        folder = Path(__file__).parent / "roles"
        words = [*self.network.words_outside(), "python3", "-m", "http.server", str(EGRESS), "--directory", folder]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def serving(machine):
    """What works, by name; each is asked again for a while, as the machine is slow."""
    say("  what works")

    def gets(host, port):
        return "served" in machine.network.outside("curl", "-s", "-m", "20", f"http://{host}:{port}/")

    v4, v6 = V4["machine"], f"[{V6['machine']}]"
    # The static busybox of Debian 12 dies of wget's own time limit.
    egress = f"/bin/busybox timeout 60 /bin/busybox wget -qO- http://{V4['outsider']}:{EGRESS}/"
    container = "docker ps -q --filter publish=443 --filter ancestor=audit/web:1; docker ps -q --filter label=pryvctl.service"
    return {
        "the role serves over IPv4": _answers(lambda: gets(v4, 443)),
        "the role serves over IPv6": _answers(lambda: gets(v6, 443)),
        "SSH answers over IPv6": _answers(lambda: _ssh6(machine)),
        "the container reaches out": _answers(
            lambda: "html" in machine.ssh(f"docker exec $({{ {container}; }} | head -n 1) {egress}", check=False)
        ),
        "the host reaches the container": _answers(
            lambda: "served" in machine.ssh(f"curl -s -m 20 http://{v4}:443/", check=False)
        ),
        f"{BY_HAND}, published by hand, is closed over IPv4": not gets(v4, BY_HAND),
        f"{BY_HAND}, published by hand, is closed over IPv6": not gets(v6, BY_HAND),
    }


def _ssh6(machine):
    words = ["ssh-keyscan", "-T", "60", "-t", "ed25519", V6["machine"]]
    return "ssh-ed25519" in machine.network.inside(*words, check=False)


def _answers(question, within=300):
    end = time.monotonic() + within
    while time.monotonic() < end:
        if question():
            return True
        time.sleep(2)
    return False


def serving_throughout(machine):
    """The same after everything that has been seen to break it; the machine has started anew when this is done."""
    found = serving(machine)
    for event, do in {
        "after a restart of Docker": lambda: machine.ssh("systemctl restart docker"),
        "after a restart of nftables": lambda: machine.ssh("systemctl restart nftables"),
        "after a restart of the machine": machine.reboot,
    }.items():
        say(f"  {event}")
        do()
        found |= {f"{check} {event}": works for check, works in serving(machine).items()}
    return found
