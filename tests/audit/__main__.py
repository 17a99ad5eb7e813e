"""`make audit`: strangers' auditors look at virtual machines before and after hardening; what they say stands in docs/src/auditors.md.

Usage: python3 tests/audit [--release NAME] [--stage NAME] [--auditor NAME] [--peer FOLDER]
                            [--docker-bench FOLDER] [--write]
       python3 tests/audit --tables

An interrupted run goes on where it stopped, as long as neither pryvctl nor this folder has changed. What was found is kept in
`results` beside this file with the version it was found of, so that the tables can be made in several runs.
"""

import argparse
import fcntl
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import docker_bench
import hardening
import lynis
import openscap
import outside
import ssh_audit
import table
from image import CODENAMES, Image
from machine import Machine
from network import Network
from shell import Failed, run, say

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The last takes away what the others look at.
AUDITORS = {"ssh-audit": ssh_audit, "lynis": lynis, "open": outside} | openscap.AUDITORS | {"docker-bench": docker_bench}
STAGES = {
    "stock": hardening.stock,
    "level1": hardening.level(1),
    "level2": hardening.level(2),
    "peer": hardening.peer,
}


@dataclass
class Context:
    """Where things are."""

    here: Path
    binary: Path
    tools: Path
    work: Path
    peer: Path | None
    docker_bench: Path | None


def main():
    arguments = _arguments()
    if arguments.tables:
        _report({}, write=True)
        return
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pryvctl-audit"
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    multiprocessing.current_process().name = "audit"
    turn = (cache / "turn").open("w")
    # Two runs would be on the same network.
    fcntl.flock(turn, fcntl.LOCK_EX)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    binary = ROOT / "target/debug/pryvctl"
    results = cache / "results"
    results.mkdir(exist_ok=True)
    current = {_disk(_result(results, binary, release, stage)) for release in CODENAMES for stage in STAGES}
    for disk in set(results.glob("*.qcow2")) - current:
        disk.unlink()
    work = cache / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    context = Context(HERE, binary, _tools(cache, arguments.peer), work, arguments.peer, arguments.docker_bench)
    images = [Image(release, cache).ensure() for release in arguments.release or CODENAMES]
    releases = [
        multiprocessing.Process(name=image.release, target=_release, args=(context, image, results, arguments))
        for image in images
    ]
    try:
        for release in releases:
            release.start()
        for release in releases:
            release.join()
    finally:
        for release in releases:
            if release.pid:
                release.terminate()
                release.join()
        shutil.rmtree(work, ignore_errors=True)
    _report({(r, s): _result(results, binary, r, s) for r in CODENAMES for s in STAGES}, arguments.write)
    if any(release.exitcode for release in releases):
        sys.exit("not everything was measured to the end; the next run goes on there")


def _release(context, image, results, arguments):
    """All stages of a release, one after the other, while the other releases take theirs."""
    failed = []
    with Network(image.release) as network:
        for stage in arguments.stage or STAGES:
            file = _result(results, context.binary, image.release, stage)
            try:
                _stage(context, image, network, file, stage, arguments.auditor or list(AUDITORS))
            except Failed as failure:
                say(f"{stage}: {failure}")
                failed.append(stage)
    if failed:
        sys.exit(f"{image.release}: not measured to the end: {', '.join(failed)}")


def _arguments():
    parser = argparse.ArgumentParser(prog="make audit", description=__doc__.splitlines()[0])
    parser.add_argument("--release", action="append", choices=CODENAMES, help="only this release")
    parser.add_argument("--stage", action="append", choices=STAGES, help="only this stage")
    parser.add_argument("--auditor", action="append", choices=AUDITORS, help="only this auditor")
    parser.add_argument("--peer", type=Path, help="where the Ansible collection devsec.hardening is installed")
    parser.add_argument("--docker-bench", type=Path, help="where docker-bench-security is unpacked")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/src/auditors.md and hardening/audit.md")
    parser.add_argument("--tables", action="store_true", help="write the tables of what is kept; measures nothing")
    return parser.parse_args()


def _result(results, binary, release, stage):
    """The file with what a stage found; other binaries or scripts have others."""
    files = [file for file in sorted(HERE.rglob("*")) if file.suffix in (".py", ".yaml", ".sh") and file.name != "table.py"]
    if stage.startswith("level"):
        files.append(binary)
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files))
    return results / f"{release}.{stage}.{digest.hexdigest()[:12]}.json"


def _tools(cache, peer):
    """ssh-audit, and Ansible for the peer, from PyPI: its roles of 2024 do not run with ansible-core 2.19."""
    tools = cache / "tools"
    wanted = {"bin/ssh-audit": "ssh-audit"} | ({"bin/ansible-playbook": "ansible<12"} if peer else {})
    missing = [package for program, package in wanted.items() if not (tools / program).exists()]
    if missing:
        say(f"installing {', '.join(missing)}")
        run("python3", "-m", "venv", tools)
        run(tools / "bin/pip", "install", "--quiet", *missing)
    return tools


def _stage(context, image, network, file, stage, auditors):
    """One machine from the snapshot: changed, watched at work, audited."""
    found = json.loads(file.read_text()) if file.exists() else {"audited": [], "figures": {}, "failing": {}}
    there = _of_stage(stage, context)
    left = [auditor for auditor in there if auditor in auditors and auditor not in found["audited"]]
    if "checks" in found and not left:
        return
    if stage == "peer" and context.peer is None:
        say(f"{stage}: not measured, as no --peer is given")
        return
    say(stage)
    with _machine(context, image, network, file, stage, found) as machine:
        with outside.Egress(network):
            if "checks" not in found:
                found["checks"] = _checks(machine, context, stage)
                machine.keep()
                _keep(file, found)
            for auditor in left:
                say(f"  {auditor}")
                said = AUDITORS[auditor].measure(machine, context)
                for part in ("figures", "failing"):
                    found[part] |= said[part]
                found["audited"].append(auditor)
                _keep(file, found)
    if set(there) <= set(found["audited"]):
        _disk(file).unlink()


def _of_stage(stage, context):
    """Who looks at a machine in this stage; the peer is only timed."""
    every = ("stock", "level1", "level2")
    missing = [docker_bench] if context.docker_bench is None else []
    return [
        name
        for name, auditor in AUDITORS.items()
        if stage in getattr(auditor, "stages", every) and auditor not in missing
    ]


def _disk(file):
    """The disk of a machine that was changed and is not audited to the end."""
    return file.with_suffix(".qcow2")


def _machine(context, image, network, file, stage, found):
    """The machine as this stage wants it, changed by this run or by one that was interrupted since."""
    if "times" in found and _disk(file).exists():
        return Machine.again(image, _disk(file), network)
    found.pop("checks", None)
    found["measured"] = {"version": _version(), "day": time.strftime("%Y-%m-%d")}
    machine = Machine.resume(image, _disk(file), network)
    try:
        found["times"] = STAGES[stage](machine, context)
        machine.keep()
    except BaseException:
        machine.kill()
        raise
    _keep(file, found)
    return machine


def _checks(machine, context, stage):
    """What works: where something was hardened also after restarts, and before the auditors come."""
    match stage:
        case "stock":
            outside.publish_by_hand(machine)
            return outside.serving(machine)
        case "peer":
            return {}
        case "level1" | "level2":
            outside.publish_by_hand(machine)
            works = outside.serving_throughout(machine)
            at_rest = hardening.at_rest(machine, context, int(stage.removeprefix("level")))
            return works | {"nothing has drifted after a restart of the machine": at_rest}


def _keep(file, found):
    file.write_text(json.dumps(found, indent=1))


def _version():
    return run("git", "-C", ROOT, "describe", "--always", "--dirty").strip()


def _report(files, write):
    """The tables: of these files where they are there, else of what an earlier run found."""
    kept = {(r, s): HERE / "results" / f"{r}.{s}.json" for r in CODENAMES for s in STAGES}
    newest = kept | {of: file for of, file in files.items() if file.exists()}
    results = table.Results({of: json.loads(file.read_text()) for of, file in newest.items() if file.exists()})
    commands = {name: auditor.COMMAND for name, auditor in AUDITORS.items()} | {"OpenSCAP": openscap.COMMAND}
    text = f"{table.table(results, commands)}\n\n{table.times(results)}"
    remaining = table.remaining(results, table.read_reasons(HERE / "reasons.toml"))
    print(f"{text}\n\n{remaining}")
    if write:
        for of, file in files.items():
            if file.exists():
                kept[of].parent.mkdir(exist_ok=True)
                shutil.copyfile(file, kept[of])
        table.put(ROOT / "docs/src/auditors.md", text)
        (ROOT / "hardening").mkdir(exist_ok=True)
        (ROOT / "hardening/audit.md").write_text(remaining)


if __name__ == "__main__":
    main()
