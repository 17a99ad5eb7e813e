"""What is done to the machine before it is audited."""

import time

from network import V4
from shell import Failed, say

# How often a machine that does not answer in time is asked.
TRIES = 10
# How a host ended that gave no answer at the beginning.
BUSY = ("  unreachable ", "  not-ready ")


class Pryvctl:
    """The controller's side: the binary and an inventory of one host, in the controller's namespace."""

    def __init__(self, context, machine, level):
        folder = _folder(context, machine)
        text = (context.here / "inventory.yaml").read_text()
        inventory = folder / "inventory.yaml"
        inventory.write_text(text.replace("LEVEL", str(level)).replace("KEY", str(machine.image.key)))
        roles = folder / "roles"
        roles.unlink(missing_ok=True)
        roles.symlink_to(context.here / "roles")
        (folder / "known_hosts").unlink(missing_ok=True)
        self.network, self.binary, self.inventory = machine.network, context.binary, inventory

    def __call__(self, command):
        """Runs a command on the inventory; gives what it said and the seconds it took."""
        flags = ["--yes", "--window", "600"] if command in ("harden", "install") else []
        for tries in range(TRIES):
            start = time.monotonic()
            try:
                said = self.network.inside(self.binary, command, self.inventory, "--accept-new-host-keys", *flags)
            except Failed as failure:
                # An emulated machine may have too much to do to answer in time; nothing was changed then.
                busy = any(word in str(failure) for word in BUSY)
                if not busy or tries + 1 == TRIES:
                    raise
                say("  it had no time to answer; once more")
                continue
            return said, time.monotonic() - start
        raise AssertionError


def _folder(context, machine):
    """Where what is written for a machine stands; machines have their turns beside each other."""
    folder = context.work / machine.image.release
    folder.mkdir(exist_ok=True)
    return folder


def stock(machine, _context):
    """Nothing: the role's container is started by hand."""
    machine.ssh(
        "docker run -d --name web --restart unless-stopped -p 443:8080 audit/web:1 > /dev/null; docker ps > /dev/null"
    )
    return {}


def level(number):
    """`harden`, again to see that it has nothing to do, and `install`."""

    def apply(machine, context):
        pryvctl = Pryvctl(context, machine, number)
        times = {}
        for title in ("first run", "no-op"):
            say(f"  pryvctl harden, {title}")
            said, seconds = pryvctl("harden")
            times[f"pryvctl harden, level {number}, {title}"] = seconds
        if "nothing to change" not in said:
            raise Failed(f"the second harden changed something:\n{said}")
        say("  pryvctl install")
        pryvctl("install")
        return times

    return apply


def at_rest(machine, context, number):
    """Whether nothing is to be changed by now."""
    pryvctl = Pryvctl(context, machine, number)
    return "nothing to change" in pryvctl("plan")[0]


PLAYBOOK = """
- hosts: all
  collections: [devsec.hardening]
  vars: { ssh_permit_root_login: without-password }
  # A machine that was just made knows no package by name.
  pre_tasks: [{ ansible.builtin.apt: { update_cache: true, cache_valid_time: 3600 } }]
  roles: [os_hardening, ssh_hardening]
"""


def peer(machine, context):
    """dev-sec's Ansible roles, twice."""
    folder = _folder(context, machine)
    playbook = folder / "peer.yml"
    playbook.write_text(PLAYBOOK)
    login = f"ansible_user=root ansible_ssh_private_key_file={machine.image.key}"
    hosts = folder / "peer.ini"
    hosts.write_text(f"{V4['machine']} {login} ansible_python_interpreter=/usr/bin/python3\n")
    environment = [
        "env", f"ANSIBLE_COLLECTIONS_PATH={context.peer}", "ANSIBLE_HOST_KEY_CHECKING=False", "ANSIBLE_PIPELINING=True",
        "ANSIBLE_TIMEOUT=300",
    ]  # fmt: skip
    times = {}
    for title in ("first run", "no-op"):
        say(f"  the peer's roles, {title}")
        start = time.monotonic()
        machine.network.inside(*environment, context.tools / "bin/ansible-playbook", "-i", hosts, playbook)
        times[f"dev-sec os_hardening and ssh_hardening, {title}"] = time.monotonic() - start
    return times
