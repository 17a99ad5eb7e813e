"""Base images: an installed Debian with its own kernel, sshd, Docker and the auditors that run inside."""

import ctypes
import hashlib
import mmap
import shutil
import time
from pathlib import Path

import apt
from shell import run, say

HERE = Path(__file__).parent
CODENAMES = {"debian12": "bookworm", "debian13": "trixie"}
DOCKER = {"debian12": "docker.io", "debian13": "docker.io docker-cli"}
# What a cloud image has (python3 for its cloud-init), and openscap-scanner. `important` in mmdebstrap brings what debootstrap
# installs.
PACKAGES = (
    "systemd-sysv dbus libpam-systemd linux-image-cloud-amd64 grub-pc openssh-server sudo iptables nftables apparmor curl"
    " ca-certificates python3 openscap-scanner"
)
# Mebibytes.
DISK, BEFORE = 8192, 1
# rdtsc; shl rdx, 32; or rax, rdx; ret
READ_COUNTER = bytes.fromhex("0f31 48c1e220 4809d0 c3")


def _counter_rate():
    """How often this processor's time stamp counter counts, in kHz, to the nearest MHz; the emulator hands it on."""
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(READ_COUNTER)
    read = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    first, start = read(), time.monotonic()
    time.sleep(0.5)
    last, end = read(), time.monotonic()
    return round((last - first) / (end - start) / 1e6) * 1000


# What the kernel is told. On a busy machine it may not trust the emulated timer: its first ticks are late, and a clock that is
# set by them runs several times too fast. Everything is started without random addresses: an emulator translates a program again for each address it is found at, and takes three
# times as long. What the auditors read, the kernel's own setting, is left alone.
BOOT = (
    f"console=ttyS0 net.ifnames=0 tsc=reliable clocksource=tsc tsc_early_khz={_counter_rate()} no_timer_check panic=1"
    " mitigations=off init=/usr/bin/setarch -- -R /sbin/init"
)


class Image:
    """The disk of one release, cached under the hash of its recipe."""

    def __init__(self, release, cache):
        self.release, self.codename, self.cache = release, CODENAMES[release], cache
        self.key = cache / "ssh"
        self.folder = cache / f"{release}-{self._recipe()}"
        self.disk = self.folder / "disk.raw"

    def _packages(self):
        return f"{PACKAGES} {DOCKER[self.release]}".split()

    def _recipe(self):
        scripts = "".join((HERE / name).read_text() for name in ("image.sh", "serve.sh"))
        text = " ".join([*self._packages(), BOOT]) + scripts
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def ensure(self):
        """Builds the image unless it is there."""
        if self.disk.exists():
            return self
        say(f"building the {self.release} image (once)")
        if not self.key.exists():
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key)
        work = self.cache / f"work-{self.release}"
        _unmount(work)
        shutil.rmtree(work, ignore_errors=True)
        self._build(work)
        shutil.rmtree(self.folder, ignore_errors=True)
        work.rename(self.folder)
        return self

    def _build(self, work):
        handed = work / "handed"
        handed.mkdir(parents=True)
        shutil.copy(self.key.with_suffix(".pub"), handed / "authorized_keys")
        shutil.copy(HERE / "serve.sh", handed / "serve.sh")
        for file, text in {"sources.list": apt.sources(self.codename), "apt.conf": apt.options()}.items():
            (handed / file).write_text(text)
            (handed / f"guest.{file}").write_text(apt.from_guest(text))
        auth = [Path("/etc/apt/auth.conf"), *sorted(Path("/etc/apt/auth.conf.d").glob("*.conf"))]
        (handed / "auth.conf").write_text("".join(file.read_text() for file in auth if file.is_file()))
        packages = self.cache / "packages"
        shutil.copy(apt.download("lynis", "trixie", packages), handed / "lynis.deb")
        shutil.copy(apt.download("busybox-static", self.codename, packages / self.release), handed / "busybox.deb")
        content = work / "content"
        run("dpkg", "-x", apt.download("ssg-debian", "sid", packages), content)
        number = self.release.removeprefix("debian")
        shutil.copy(next(content.rglob(f"ssg-debian{number}-ds.xml")), handed / "content.xml")
        shutil.rmtree(content)
        root = work / "root"
        run(
            "mmdebstrap", "--mode=root", "--variant=important", "--format=directory",
            f"--include={','.join(self._packages())}", f"--aptopt={handed}/apt.conf",
            f'--setup-hook=mkdir -p "$1/etc/apt/auth.conf.d" && cp {handed}/auth.conf "$1/etc/apt/auth.conf.d/90audit.conf"',
            f"--customize-hook=sh {HERE}/image.sh \"$1\" {handed} '{BOOT}'",
            self.codename, root, handed / "sources.list",
        )  # fmt: skip
        disk = work / "disk.raw"
        run("truncate", "-s", f"{DISK}M", disk)
        run("sfdisk", "-q", disk, stdin=f"label: dos\nstart={BEFORE}MiB, type=83, bootable\n")
        run("mkfs.ext4", "-q", "-L", "root", "-d", root, "-E", f"offset={BEFORE << 20}", disk, f"{DISK - BEFORE}M")
        # The code in the first sector ends where the table of partitions begins.
        for file, where in {"boot.img": ["bs=440", "count=1"], "core.img": ["bs=512", "seek=1"]}.items():
            run("dd", f"if={root}/boot/grub/i386-pc/{file}", f"of={disk}", *where, "conv=notrunc", "status=none")
        shutil.rmtree(root)
        shutil.rmtree(handed)


def _unmount(folder):
    """What a run that was killed had mounted there: this machine's own /proc and /sys are among it."""
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for path in sorted((path for path in mounted if path.startswith(f"{folder}/")), reverse=True):
        run("umount", path)
