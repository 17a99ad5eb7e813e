"""OpenSCAP with the content of the SCAP Security Guide, in the machine."""

import re

SUBSET = ("cis_level1_server", "CIS level 1")
COMMAND = "oscap xccdf eval --profile PROFILE ssg-debianNN-ds.xml"
PREFIX = "xccdf_org.ssgproject.content_"
CONTENT = "/opt/audit/content.xml"
# Seconds for one profile.
CAP = 3600


class Profile:
    """One profile of the content, an auditor by itself."""

    COMMAND = COMMAND

    def __init__(self, name, title, stages):
        self.name, self.title, self.stages = name, title, stages

    def measure(self, machine, _context):
        """The score and the counts, and the rules that fail."""
        said = machine.ssh(_script(self.name), check=False, timeout=CAP + 600)
        results = dict(re.findall(rf"^{PREFIX}rule_([\w.-]+):(\w+)", said, re.MULTILINE))
        score = re.search(r"<score[^>]*>([\d.]+)<", said)
        figures = {f"OpenSCAP {self.title}: score (pass/fail)": _figure(results, score)}
        if self.name == "cis_level2_server":
            rules = set(re.findall(r"^selected ([\w.-]+)", said, re.MULTILINE))
            part = {rule: result for rule, result in results.items() if rule in rules}
            figures[f"OpenSCAP {SUBSET[1]}: passed"] = _rate(part)
        failing = {rule: "" for rule, result in sorted(results.items()) if result == "fail"}
        return {"figures": figures, "failing": {f"OpenSCAP {self.title}": failing}}


# Each takes a quarter of an hour of an emulated processor, so ANSSI's is asked only where there is something to reach.
PROFILES = (
    Profile("cis_level2_server", "CIS level 2", ("stock", "level1", "level2")),
    Profile("anssi_bp28_high", "ANSSI BP-028 high", ("level2",)),
)
AUDITORS = {f"OpenSCAP {profile.title}": profile for profile in PROFILES}


def _script(profile):
    """Evaluates; prints each rule's result as it comes, then the score and the rules of the smaller profile."""
    return f"""
    timeout {CAP} oscap xccdf eval --progress --profile {PREFIX}profile_{profile} --results /root/results.xml {CONTENT}
    grep -o '<score [^<]*<' /root/results.xml
    rm -f /root/results.xml
    sed -n '/<[^ ]*Profile id="{PREFIX}profile_{SUBSET[0]}"/,/<\\/[^ ]*Profile>/p' {CONTENT} |
        sed -n 's/.*idref="{PREFIX}rule_\\([^"]*\\)" selected="true".*/selected \\1/p'
    """


def _count(results, verdict):
    return sum(1 for result in results.values() if result == verdict)


def _figure(results, score):
    passed, failed = _count(results, "pass"), _count(results, "fail")
    if not score:
        return f"not measured: no end after {CAP // 60} minutes ({passed}/{failed} by then)"
    return f"{float(score.group(1)):.1f} ({passed}/{failed})"


def _rate(results):
    passed, failed = _count(results, "pass"), _count(results, "fail")
    return f"{100 * passed / (passed + failed):.1f} %" if passed + failed else "not measured"
