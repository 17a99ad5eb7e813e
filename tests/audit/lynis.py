"""lynis, in the machine."""

import re

COMMAND = "lynis audit system --quick --no-log"
NAME = "lynis: hardening index (suggestions)"
REPORT = "/root/lynis.dat"


def measure(machine, _context):
    """Its index of 100, and everything it suggests or warns of."""
    machine.ssh(f"lynis audit system --quick --no-colors --no-log --report-file {REPORT} > /dev/null 2>&1", check=False)
    report = machine.ssh(f"cat {REPORT}; rm {REPORT}")
    index = re.search(r"^hardening_index=(\d+)", report, re.MULTILINE).group(1)
    said = re.findall(r"^(?:suggestion|warning)\[\]=([^|]*)\|([^|]*)\|([^|]*)", report, re.MULTILINE)
    failing = {}
    for check, text, detail in said:
        more = f" ({detail})" if detail not in ("", "-") else ""
        failing.setdefault(check, []).append(f"{text}{more}")
    return {
        "figures": {NAME: f"{index} ({len(said)})"},
        "failing": {"lynis": {check: "; ".join(texts) for check, texts in failing.items()}},
    }
