"""docker-bench-security, in the machine: no archive has it, so its folder is given."""

import re

import outside
from shell import Failed

COMMAND = "docker-bench-security.sh -b"
NAME = "docker-bench: score (pass/warn)"
FOLDER = "/root/docker-bench"
# Seconds.
CAP = 3600


def measure(machine, context):
    """Its score, and the checks it warns of. What somebody published by hand is his."""
    outside.unpublish_by_hand(machine)
    machine.put(context.docker_bench, FOLDER)
    said = machine.ssh(f"cd {FOLDER} && bash docker-bench-security.sh -b; rm -rf {FOLDER}", check=False, timeout=CAP)
    score = re.search(r"^\[INFO\] Score: (-?\d+)", said, re.MULTILINE)
    if not score:
        raise Failed(f"docker-bench gave no score:\n{said[-2000:]}")
    checks = re.findall(r"^\[(PASS|WARN)\] ([\d.]+\d) +- (.*)$", said, re.MULTILINE)
    passed = {check for verdict, check, _ in checks if verdict == "PASS"}
    warned = {check: text.removesuffix(" (Automated)") for verdict, check, text in checks if verdict == "WARN"}
    return {
        "figures": {NAME: f"{score.group(1)} ({len(passed)}/{len(warned)})"},
        "failing": {"docker-bench": warned},
    }
