"""Where packages come from: this machine's own apt configuration, with the suite replaced.

apt itself is asked, as the lab does, so that no mirror is named here.
"""

import re
from pathlib import Path

from shell import run

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# What the user-mode network of QEMU calls the loopback of the machine it runs on.
LOOPBACK = "10.0.2.2"


def archives():
    """The Debian archives of this machine: pairs of an address and what follows the release in its suite's name."""
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    codename = release["VERSION_CODENAME"].strip('"')
    # Without lists apt names what it would fetch of every archive, whether or not it was ever updated.
    said = run("apt-get", "--print-uris", "-o", "Dir::State::Lists=/nonexistent", "update")
    pattern = rf"^'(\S+)/dists/{codename}(|-updates|-security)/main/binary-"
    return sorted(set(re.findall(pattern, said, re.MULTILINE)))


def sources(codename):
    """Lines of a `sources.list` for a release; `sid` has only its main archive."""
    found = [(uri, suffix) for uri, suffix in archives() if codename != "sid" or not suffix]
    return "".join(f"deb [signed-by={KEYRING}] {uri} {codename}{suffix} main\n" for uri, suffix in found)


def options():
    """apt's way of fetching (proxies, checks), for another machine's `apt.conf.d`."""
    dump = run("apt-config", "dump", "--no-empty", "--format", '%F "%v";%n')
    fetching = re.findall(r"^Acquire::(?:https?::|Check|Retries).*$", dump, re.MULTILINE)
    return "".join(f"{line}\n" for line in fetching)


def from_guest(text):
    """The same configuration for a guest that finds this machine's loopback at another address."""
    return re.sub(r"(://(?:[^/@\s]*@)?)(?:localhost|127(?:\.\d+){3})", rf"\g<1>{LOOPBACK}", text)


def download(package, codename, folder):
    """Fetches a package of any release, apart from this machine's own lists; the same file is not fetched twice."""
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted(folder.glob(f"{package}_*.deb"))
    if found:
        return found[-1]
    state = folder / f"apt-{codename}"
    for part in ("lists/partial", "cache/archives/partial"):
        (state / part).mkdir(parents=True, exist_ok=True)
    (state / "sources.list").write_text(sources(codename))
    apart = [
        f"Dir::Etc::SourceList={state}/sources.list",
        "Dir::Etc::SourceParts=/dev/null",
        f"Dir::State::Lists={state}/lists",
        f"Dir::Cache={state}/cache",
        "APT::Sandbox::User=root",
    ]
    flags = [word for option in apart for word in ("-o", option)]
    run("apt-get", *flags, "update")
    run("sh", "-c", 'cd "$0" && exec apt-get "$@"', folder, *flags, "download", package)
    return sorted(folder.glob(f"{package}_*.deb"))[-1]
