"""One virtual machine: started from a snapshot of a running one, spoken to over SSH, gone when left."""

import shutil
import socket
import subprocess
import time

from network import V4
from shell import Failed, run, say

# Emulation is slow, and the processor is shared: a boot can take many minutes.
PATIENCE = 3600
SNAPSHOT, KEPT = "ready", "kept"
# Without nested virtualization and vector units, whose emulation costs more than it gives.
CPU = "qemu64,-svm,+ssse3,+sse4.1,+sse4.2,+popcnt"


class Machine:
    """A machine on a disk of its own."""

    def __init__(self, image, disk, network):
        self.image, self.disk, self.network, self.process = image, disk, network, None
        self.console, self.monitor, self.known_hosts = (
            disk.with_suffix(suffix) for suffix in (".console", ".monitor", ".known_hosts")
        )
        self.known_hosts.unlink(missing_ok=True)

    @classmethod
    def ready(cls, image, network):
        """The disk with the snapshot that every measurement starts from: booted, settled, with the role's image. Made once."""
        disk = image.folder / "ready.qcow2"
        if not disk.exists():
            say(f"booting {image.release} for the first time (once; minutes)")
            first = image.folder / "first.qcow2"
            first.unlink(missing_ok=True)
            run("qemu-img", "create", "-q", "-f", "qcow2", "-b", image.disk, "-F", "raw", first)
            with cls(image, first, network).boot() as machine:
                machine.ssh("sh /opt/audit/serve.sh")
                machine.settle()
                machine._command(f"savevm {SNAPSHOT}")
                machine.kill()
            first.rename(disk)
        return disk

    @classmethod
    def resume(cls, image, disk, network):
        """A machine of its own, from the snapshot."""
        shutil.copyfile(cls.ready(image, network), disk)
        return cls(image, disk, network)._load(SNAPSHOT)

    @classmethod
    def again(cls, image, disk, network):
        """The machine as it was when it was kept."""
        return cls(image, disk, network)._load(KEPT)

    def keep(self):
        """Remembers the machine as it is now, for a later run."""
        self.forget_login()
        self._command(f"savevm {KEPT}")

    def _load(self, snapshot):
        # The snapshot remembers the time at which it was made.
        self._start(lambda: self.ssh(f"date -s @{int(time.time())}", check=False, timeout=120), "-loadvm", snapshot)
        return self

    def boot(self):
        """Boots from the disk, and waits until SSH lets in."""
        self._start(self.boot_id)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        """Ends it at once; the disk is not used again."""
        self.forget_login()
        self.process.kill()
        self.process.wait()
        self.monitor.unlink(missing_ok=True)

    def _start(self, answers, *more):
        """Starts it, and waits until it answers; one that does not is not left behind."""
        self.monitor.unlink(missing_ok=True)
        words = [
            *("nice", "-n", "15", "qemu-system-x86_64", "-accel", "tcg,tb-size=512", "-cpu", CPU, "-smp", "1", "-m", "2048"),
            *("-drive", f"file={self.disk},if=virtio,cache=unsafe,discard=unmap"),
            *("-netdev", f"tap,id=audited,ifname={self.network.tap},script=no,downscript=no"),
            *("-device", "virtio-net-pci,netdev=audited,mac=52:54:00:77:00:11"),
            *("-netdev", "user,id=archive,ipv6=off"),
            *("-device", "virtio-net-pci,netdev=archive,mac=52:54:00:77:00:12"),
            *("-nodefaults", "-device", "virtio-rng-pci", "-display", "none", "-serial", f"file:{self.console}"),
            *("-monitor", f"unix:{self.monitor},server=on,wait=off", *more),
        ]
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL)
        try:
            self._until(lambda: run("ip", "link", "show", self.network.tap, check=False), "network card")
            self.network.plug()
            self._until(answers, "SSH")
        except BaseException:
            self.kill()
            raise

    def _command(self, text):
        """Says something to QEMU's monitor, and waits until it was done."""
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(self.monitor))
            said = b""
            for words in (b"", f"{text}\n".encode()):
                link.sendall(words)
                said = b""
                while not said.endswith(b"(qemu) "):
                    said += link.recv(4096)
        if b"Error" in said:
            raise Failed(f"{text}: {said.decode(errors='replace')}")

    def _until(self, answer, what):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Failed(f"the machine ended; its console: {self.console}")
            if answer():
                return
            self.forget_login()
            time.sleep(1)
        raise Failed(f"no {what} after {PATIENCE} s; the machine's console: {self.console}")

    def ssh(self, script, check=True, timeout=None, more=()):
        """Runs a script as root in the machine and gives what it printed."""
        words = ["ssh", "-n", *self._login(), *more, f"root@{V4['machine']}", script]
        return self.network.inside(*words, check=check, timeout=timeout)

    def put(self, folder, path):
        """Copies a folder into the machine; whether sshd has a subsystem for that is up to whoever hardened it."""
        self.network.inside("scp", "-O", "-q", "-r", *self._login(), folder, f"root@{V4['machine']}:{path}")

    def _login(self):
        settings = {
            "UserKnownHostsFile": self.known_hosts,
            "StrictHostKeyChecking": "accept-new",
            "ConnectTimeout": 60,
            "ServerAliveInterval": 60,
            "ServerAliveCountMax": 30,
            "LogLevel": "ERROR",
            # A login takes an emulated processor many seconds, so there is one for all that follows.
            "ControlMaster": "auto",
            "ControlPersist": 3600,
            "ControlPath": self.disk.with_suffix(".login"),
            # The newest key exchange alone costs seconds of an emulated processor.
            "KexAlgorithms": "curve25519-sha256,sntrup761x25519-sha512@openssh.com",
        }
        flags = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        return [*flags, "-i", self.image.key]

    def forget_login(self):
        """The next command logs in anew."""
        self.ssh("", check=False, more=("-O", "exit"))

    def boot_id(self):
        """Names this boot; empty while SSH does not answer."""
        return self.ssh("cat /proc/sys/kernel/random/boot_id", check=False, timeout=180).strip()

    def reboot(self):
        """Restarts, and waits until SSH lets in again and every unit has started."""
        say("  restarting the machine")
        before = self.boot_id()
        self.ssh("systemctl reboot", check=False, timeout=120)
        self.forget_login()
        self._until(lambda: self.boot_id() not in ("", before), "SSH after the restart")
        self.settle()

    def settle(self):
        """Waits until every unit has started."""
        self.ssh("systemctl is-system-running --wait", check=False, timeout=PATIENCE)
