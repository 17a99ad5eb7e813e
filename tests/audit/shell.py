"""Running programs: the only place that starts one."""

import multiprocessing
import subprocess
import sys
import time


class Failed(Exception):
    """A program that ended otherwise than it should; the text is everything it said."""


def run(*words, stdin="", check=True, timeout=None):
    """Runs a program to its end and gives what it printed; what it said on stderr only counts when it fails."""
    try:
        done = subprocess.run(
            [str(word) for word in words], input=stdin, capture_output=True, text=True, timeout=timeout, errors="replace"
        )
    except subprocess.TimeoutExpired as expired:
        if not check:
            return ""
        raise Failed(f"{words[0]}: no end after {timeout} s") from expired
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, words))[:300]}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def say(text):
    """Progress, for whoever waits; each release's process has its name."""
    print(f"{time.strftime('%H:%M:%S')} {multiprocessing.current_process().name}: {text}", file=sys.stderr, flush=True)
