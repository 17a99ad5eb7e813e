"""ssh-audit, from the controller: what a stranger reads from the first packets of sshd."""

import json

from network import V4

COMMAND = "ssh-audit HOST"
NAME = "ssh-audit: fails / warnings"


def measure(machine, context):
    """Counts what it calls a failure and what it warns of."""
    # Its exit code tells the verdict; without a document it has failed.
    said = json.loads(machine.network.inside(context.tools / "bin/ssh-audit", "--json", V4["machine"], check=False, timeout=1200))
    found = {"fail": {}, "warn": {}}
    for kind in ("kex", "key", "enc", "mac"):
        for algorithm in said[kind]:
            for verdict, list_ in found.items():
                for note in algorithm.get("notes", {}).get(verdict, []):
                    list_.setdefault(f"{kind} {algorithm['algorithm']}", []).append(note)
    count = {verdict: sum(map(len, list_.values())) for verdict, list_ in found.items()}
    return {
        "figures": {NAME: f"{count['fail']} / {count['warn']}"},
        "failing": {"ssh-audit": {check: "; ".join(notes) for list_ in found.values() for check, notes in list_.items()}},
    }
