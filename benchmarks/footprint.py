"""What the package costs a fresh interpreter: time to import it, memory to build with it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from stagelab.errors import StagelabError
from stagelab.show.style import humane_seconds

_TIMED = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)
_COSTLIEST = 6

_MEMORY = """
import json, re, sys
from pathlib import Path

def peak():
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would count what the parent had before this program began
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) * 1024
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

from stagelab import build
marks = []
for number, context in enumerate(sys.argv[1:3]):
    build(context, tag=f"stagelab/bench:memory-{number}", observe=lambda event: None)
    marks.append(peak())
print(json.dumps(marks))
"""


def run_python(script: str, *arguments: str) -> str:
    """Run a script in a fresh interpreter and give what it prints.

    Raises:
        StagelabError: It failed.
    """
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise StagelabError(
            "A script of the benchmark failed.",
            fix="Read its last words below.",
            detail=done.stderr[-2000:],
        )
    return done.stdout


def peaks(small: Path, large: Path) -> tuple[float, float]:
    """Give the peak resident memory of a process, in bytes: after a tiny build, after a large one.

    Args:
        small: A tiny context.
        large: A large one.
    """
    first, second = json.loads(run_python(_MEMORY, str(small), str(large)))
    return float(first), float(second)


def costliest(statement: str, beside: str) -> str:
    """Say which packages take the time that one import statement costs beside another.

    Args:
        statement: Such as "from stagelab import build".
        beside: What was imported anyway.
    """
    taken: Counter[str] = Counter()
    already = {name for _, name in _times(beside)}
    for microseconds, name in _times(statement):
        if name not in already:
            taken[name.partition(".")[0]] += microseconds
    return ", ".join(
        f"{name} {humane_seconds(microseconds / 1e6)}"
        for name, microseconds in taken.most_common(_COSTLIEST)
    )


def _times(statement: str) -> list[tuple[int, str]]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", statement],
        capture_output=True,
        text=True,
        check=True,
    )
    return [(int(own), name) for own, name in _TIMED.findall(done.stderr)]
