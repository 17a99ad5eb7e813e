"""The table of docs/src/auditors.md, and the list of what still fails with the reason why."""

import re
import tomllib

BEGIN, END = "<!-- audit: written by `make audit` -->", "<!-- audit: end -->"
TITLES = {"stock": "before", "level1": "level 1", "level2": "level 2"}
RELEASES = {"debian12": "Debian 12", "debian13": "Debian 13"}
# What is to be reached at level 1 and at level 2, by the start of a figure's name.
TARGETS = {
    "ssh-audit": "0 / <= 2; 0 / <= 2",
    "lynis": ">= 82; >= 90",
    "OpenSCAP CIS level 2": ">= 78; >= 93",
    "OpenSCAP CIS level 1": ">= 90 %; >= 94 %",
    "OpenSCAP ANSSI": "-; >= 75",
    "docker-bench": ">= 46; >= 70",
    "open TCP": "22, 443",
}


class Results:
    """What each stage of each release said; a stage that was not run has nothing."""

    def __init__(self, found):
        self.found = found

    def of(self, release, stage, part):
        """One part (`figures`, `checks`, `failing`, `times`) of one stage."""
        return self.found.get((release, stage), {}).get(part, {})

    def names(self, part):
        """Everything that any stage said something about, in the order in which it was first said."""
        return list(dict.fromkeys(name for result in self.found.values() for name in result.get(part, {})))


def table(results, commands):
    """Auditor x (before, level 1, level 2) x release."""
    columns = [(release, stage) for release in RELEASES for stage in TITLES]
    heads = [f"{RELEASES[release]}, {TITLES[stage]}" for release, stage in columns]
    lines = [f"| auditor | command | targets | {' | '.join(heads)} |", "|---" * (len(columns) + 3) + "|"]
    for name in results.names("figures"):
        cells = [results.of(release, stage, "figures").get(name, "not measured") for release, stage in columns]
        lines.append(f"| {name} | `{_of(commands, name)}` | {_of(TARGETS, name)} | {' | '.join(cells)} |")
    cells = [_works(results.of(release, stage, "checks")) for release, stage in columns]
    lines.append(f"| works from outside and inside | `curl`, `docker exec`, restarts | all | {' | '.join(cells)} |")
    cells = [_measured(results.of(release, stage, "measured")) for release, stage in columns]
    lines.append(f"| measured | `git show VERSION` | | {' | '.join(cells)} |")
    return "\n".join(lines)


def _of(things, name):
    return next((thing for start, thing in things.items() if name.startswith(start)), "")


def _works(checks):
    return f"{sum(checks.values())} of {len(checks)}" if checks else "not measured"


def _measured(measured):
    return f"{measured['version']}, {measured['day']}" if measured else ""


def times(results):
    """How long the first run and the run without changes took, beside the peer's."""
    heads = " | ".join(RELEASES.values())
    lines = [f"| run | {heads} |", "|---" * (len(RELEASES) + 1) + "|"]
    for name in results.names("times"):
        lines.append(f"| {name} | {' | '.join(_seconds(results, release, name) for release in RELEASES)} |")
    if not any(name.startswith("dev-sec") for name in results.names("times")):
        lines.append(f"| dev-sec os_hardening and ssh_hardening |{' not measured |' * len(RELEASES)}")
    return "\n".join(lines)


def _seconds(results, release, name):
    for (of, _), result in results.found.items():
        if of == release and name in result.get("times", {}):
            return f"{result['times'][name]:.0f} s ({result['measured']['version']})"
    return "not measured"


def remaining(results, reasons):
    """Every check that fails at a level, with the reason; one that has none is shown as such."""
    lines = ["# What the auditors still say", "", "Written by `make audit`; the reasons are in `tests/audit/reasons.toml`."]
    for auditor in results.names("failing"):
        where = {}
        for release in RELEASES:
            for stage in ("level1", "level2"):
                for check, text in results.of(release, stage, "failing").get(auditor, {}).items():
                    where.setdefault(check, (text, []))[1].append(f"{RELEASES[release]} {TITLES[stage]}")
        lines += ["", f"## {auditor}", "", "| check | says | fails on | why it is left |", "|---|---|---|---|"]
        for check, (text, places) in sorted(where.items()):
            measured = any(auditor in results.of(release, "level2", "failing") for release in RELEASES)
            only_first = measured and all("level 1" in place for place in places)
            why = "level 2 has it" if only_first else reason(reasons, auditor, check)
            lines.append(f"| {check} | {_cell(text)} | {', '.join(places)} | {_cell(why)} |")
    broken = [
        f"* {RELEASES[release]}, {TITLES.get(stage, stage)}: not so: {check}"
        for (release, stage), result in results.found.items()
        if stage != "stock"
        for check, works in result.get("checks", {}).items()
        if not works
    ]
    lines += ["", "## What did not work", "", *(broken or ["Everything worked at both levels."]), ""]
    return "\n".join(lines)


def reason(reasons, auditor, check):
    """Why a check is left: the first pattern that is the whole of its name."""
    for family in (auditor, auditor.split()[0]):
        for pattern, text in reasons.get(family, {}).items():
            if re.fullmatch(pattern, check):
                return text
    return "**no reason given**"


def read_reasons(file):
    """The reasons by auditor and check."""
    return tomllib.loads(file.read_text())


def _cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def put(file, text):
    """Replaces what stands between the marks of a file."""
    old = file.read_text()
    start, end = old.index(BEGIN) + len(BEGIN), old.index(END)
    file.write_text(f"{old[:start]}\n{text}\n{old[end:]}")
