"""What the package costs a fresh interpreter: time to import it, memory to build with it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from unittest import mock

from stagelab.errors import StagelabError
from stagelab.show.style import humane_seconds

_TIMED = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)
_RESIDENT = re.compile(r"^VmRSS:\s+(\d+)", re.MULTILINE)
_COSTLIEST = 6

_PEAK = """
import json, re, sys
from pathlib import Path

def peak():
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would count what the parent had before this program began
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) * 1024
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
"""

_MEMORY = f"""{_PEAK}
from stagelab import build
marks = []
for number, context in enumerate(sys.argv[1:3]):
    build(context, tag=f"stagelab/bench:memory-{{number}}", observe=lambda event: None)
    marks.append(peak())
print(json.dumps(marks))
"""


_XRAY = f"""{_PEAK}
import docker
marks = [peak()]
from stagelab import _home, xray
_home.cache_dir = lambda: Path(sys.argv[2])
xray(sys.argv[1])
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


def xray_peaks(reference: str, cache: Path) -> tuple[float, float]:
    """Give the peak resident memory of a process, in bytes: with the SDK alone, after an x-ray.

    Args:
        reference: An image on the engine.
        cache: Folder for the facts.
    """
    first, second = json.loads(run_python(_XRAY, reference, str(cache)))
    return float(first), float(second)


def peak_of(words: Sequence[str], environment: Mapping[str, str]) -> float:
    """Give the peak resident memory of a program of its own, in bytes.

    Args:
        words: The program and its arguments.
        environment: Its environment variables.

    Raises:
        StagelabError: It failed.
    """
    # The largest of an interpreter's children is known; so it has but this one.
    script = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    with mock.patch.dict(os.environ, environment):
        return float(run_python(script, *words)) * 1024


def resident(pids: Iterable[int]) -> float:
    """Give the resident memory of processes, in bytes; what they share counts for each of them.

    Those that have ended, and all where there is no /proc, count nothing.
    """
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            found = _RESIDENT.search(Path(f"/proc/{pid}/status").read_text())
            total += int(found[1]) * 1024 if found else 0
    return float(total)


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
