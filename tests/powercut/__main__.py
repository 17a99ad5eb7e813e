"""`make powercut`: the power goes from emulated machines, on ext4 and on XFS, while pryvctl hardens them.

Usage: python3 tests/powercut [--binary FILE] [--cache FOLDER] [--disk ext4|xfs]

QEMU is killed, and with it all that the machine had not written to its disk. It boots again from what is there: in the window the
old access is back; after a confirmation what was confirmed stands; after the end only what was declared answers.
"""

import argparse
import multiprocessing
import os
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "audit"))

import apt  # noqa: E402
from network import V4, V6, Network  # noqa: E402
from shell import Failed, run, say  # noqa: E402

# On a busy machine a boot takes minutes; on one that is too busy, pryvctl gives the connection up. Seconds.
PATIENCE = 600
DISKS = ("ext4", "xfs")
INVENTORY = """\
platform: cut
domain: cut.test
admin_networks: [ADMINS]
hardening: { skip: [SKIP] }
ssh: { identities: [KEY], known_hosts: known_hosts }
break_glass: { console: The console of the emulated machine }
zones: { eu: {} }
roles: roles
hosts: { cut: { address: ADDRESS, zone: eu, roles: [web] } }
"""
CPU = "qemu64,-svm,+ssse3,+sse4.1,+sse4.2,+popcnt"
# The clock of an emulated machine whose first ticks were late runs too fast; the counter of the processor does not.
KERNEL = "root=/dev/vda rw console=ttyS0 net.ifnames=0 panic=1 mitigations=off tsc=reliable clocksource=tsc no_timer_check"
ARMED, CONFIRMED = "the host reverts the next change", "change confirmed over a new login"


class Machine:
    """A machine whose power can go."""

    def __init__(self, cache, work, disk, network):
        self.cache, self.work, self.network, self.process = cache, work, network, None
        self.disk = work / "disk.qcow2"
        run("qemu-img", "create", "-q", "-f", "qcow2", "-b", cache / f"{disk}.raw", "-F", "raw", self.disk)

    def boot(self):
        """Boots from what is on the disk, and waits until every unit has started."""
        words = [
            *("qemu-system-x86_64", "-accel", "tcg,tb-size=256", "-cpu", CPU, "-smp", "1", "-m", "768"),
            *("-kernel", self.cache / "vmlinuz", "-initrd", self.cache / "initrd.img", "-append", KERNEL),
            *("-drive", f"file={self.disk},if=virtio,cache=writeback"),
            *("-netdev", f"tap,id=net,ifname={self.network.tap},script=no,downscript=no"),
            *("-device", "virtio-net-pci,netdev=net", "-nodefaults", "-device", "virtio-rng-pci"),
            *("-display", "none", "-serial", f"file:{self.work}/console", "-no-reboot"),
        ]
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL)
        self._until(lambda: run("ip", "link", "show", self.network.tap, check=False))
        self.network.plug()
        self._until(lambda: self.ssh("systemctl is-system-running --wait || true", check=False))

    def cut(self):
        """The power goes: nothing more is written."""
        self.process.kill()
        self.process.wait()

    def _until(self, answer):
        end = time.monotonic() + PATIENCE
        while not answer():
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failed(f"no login; the machine's console: {self.work}/console")
            time.sleep(1)

    def ssh(self, script, check=True):
        """Runs a script as root in the machine, over a login of its own."""
        settings = ("BatchMode=yes", "ConnectTimeout=60", "LogLevel=ERROR", f"UserKnownHostsFile={self.work}/known_hosts")
        flags = [word for setting in settings for word in ("-o", setting)]
        words = ("ssh", "-n", *flags, "-i", self.cache / "ssh", f"root@{V4['machine']}", script)
        return self.network.inside(*words, check=check, timeout=180)

    def reached(self, port):
        """From which places strangers reach a port."""
        ask = "timeout 20 bash -c '</dev/tcp/{}/{}' 2>/dev/null && echo yes || true"
        return [
            family
            for family, addresses in {"IPv4": V4, "IPv6": V6}.items()
            if self.network.outside("bash", "-c", ask.format(addresses["machine"], port)).strip() == "yes"
        ]


class Trial:
    """The power cuts of one machine, one after the other."""

    def __init__(self, machine, binary):
        self.machine, self.work, self.binary, self.wrong = machine, machine.work, binary, []

    def inventory(self, file, admins):
        text = (HERE / "../../hardening/controls").resolve()
        skip = [found for path in sorted(text.glob("*.yaml")) for found in _with_packages(path.read_text())]
        skip = ", ".join(f"{{ control: {control}, reason: there is no archive }}" for control in skip)
        words = {"ADMINS": admins, "SKIP": skip, "KEY": str(self.machine.cache / "ssh"), "ADDRESS": V4["machine"]}
        (self.work / file).write_text(re.sub("ADMINS|SKIP|KEY|ADDRESS", lambda found: words[found[0]], INVENTORY))

    def harden(self, file, until=None):
        """Hardens up to a line, or to the end; gives what was said."""
        words = self.machine.network.words_inside()
        words += [str(self.binary), "harden", str(self.work / file), "--yes", "--window", "120s"]
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.work)
        said = ""
        for line in child.stdout:
            said += line
            if until and until in line:
                return child, said
        if child.wait() != 0 or until:
            raise Failed(f"harden ended with {child.returncode}:\n{said}")
        return None, said

    def look(self, what, found, wanted):
        if found != wanted:
            self.wrong.append(f"{what}: {found!r} instead of {wanted!r}")

    def run(self):
        """Notes what was not as it should be."""
        machine, look = self.machine, self.look
        passwords = "/usr/sbin/sshd -T | grep '^passwordauthentication'; ls /var/lib/pryvctl 2>/dev/null | grep guard || true"
        host_key = machine.cache.joinpath("root/etc/ssh/ssh_host_ed25519_key.pub").read_text()
        machine.work.joinpath("known_hosts").write_text(f"{V4['machine']} {host_key}")
        machine.boot()
        self.inventory("nobody.yaml", "198.51.100.0/24")
        self.inventory("right.yaml", f'{V4["controller"]}/32, "{V6["controller"]}/128"')

        say("the power goes in the window")
        child, _ = self.harden("nobody.yaml", ARMED)
        gone = time.monotonic() + 60
        while machine.network.inside(*_knock(), check=False).strip() == "yes" and time.monotonic() < gone:
            time.sleep(0.2)
        machine.cut()
        child.kill()
        machine.boot()
        look("in the window", machine.ssh(passwords), "passwordauthentication yes\n")

        say("the power goes after the confirmation")
        child, _ = self.harden("right.yaml", CONFIRMED)
        machine.cut()
        child.kill()
        machine.boot()
        look("after the confirmation", machine.ssh(passwords), "passwordauthentication no\n")

        say("the power goes after the end")
        self.harden("right.yaml")
        machine.cut()
        machine.boot()
        look("after the end", machine.ssh(passwords), "passwordauthentication no\n")
        look("after the end, strangers reach 5432", machine.reached(5432), [])
        look("after the end, strangers reach 22", machine.reached(22), [])
        _, said = self.harden("right.yaml")
        look("the next run", "unchanged" in said, True)


def _knock():
    return ("bash", "-c", f"timeout 5 bash -c '</dev/tcp/{V4['machine']}/22' 2>/dev/null && echo yes || true")


def _with_packages(text):
    """The controls of a file that install packages."""
    entries = re.split(r"^- id: ", text, flags=re.MULTILINE)[1:]
    return [entry.split()[0] for entry in entries if re.search(r"^  packages?:", entry, re.MULTILINE)]


def _ensure(cache, disk):
    """The disk of a machine; made once."""
    handed = cache / "handed"
    handed.mkdir(exist_ok=True)
    if not (cache / "ssh").exists():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", cache / "ssh")
    (handed / "authorized_keys").write_text((cache / "ssh.pub").read_text())
    (handed / "sources.list").write_text(apt.sources("bookworm"))
    (handed / "apt.conf").write_text(apt.options())
    if not (cache / f"{disk}.raw").exists():
        say(f"making the {disk} disk (once)")
        run("sh", HERE / "disk.sh", cache, disk, handed)


def _trial(cache, binary, disk):
    multiprocessing.current_process().name = disk
    work = cache / f"work-{disk}"
    run("rm", "-rf", work)
    work.mkdir()
    run("cp", "-r", HERE.parent / "audit/roles", work)
    with Network(f"cut-{disk}") as network:
        machine = Machine(cache, work, disk, network)
        trial = Trial(machine, binary)
        try:
            trial.run()
        except Failed as error:
            trial.wrong.append(str(error))
        finally:
            if machine.process:
                machine.cut()
    for line in trial.wrong:
        say(f"WRONG: {line}")
    if trial.wrong:
        sys.exit(1)
    say("what was confirmed stands, what was not is gone")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", type=Path, default=ROOT / "target/debug/pryvctl")
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pryvctl-powercut"
    parser.add_argument("--cache", type=Path, default=default)
    parser.add_argument("--disk", choices=DISKS, action="append")
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    disks = arguments.disk or DISKS
    for disk in disks:
        _ensure(arguments.cache, disk)
    where = (arguments.cache, arguments.binary.resolve())
    trials = [multiprocessing.Process(target=_trial, args=(*where, disk)) for disk in disks]
    for trial in trials:
        trial.start()
    for trial in trials:
        trial.join()
    sys.exit(any(trial.exitcode != 0 for trial in trials))


if __name__ == "__main__":
    main()
