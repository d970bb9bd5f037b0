"""Record the builds of a kernel, so that the same builds can be made again by others.

A kernel that starts with `start_up` wraps `stagelab.build`: each call is written to a folder with
a copy of its context, and then carried out as ever.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = "STAGELAB_BENCH_RECORDS"
"""Environment variable that names the folder to write to."""

_FILE = "build.json"
_CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One build.

    Args:
        context: Folder with the copy of its context; the Dockerfile is not in it.
        dockerfile: The text.
        target: The stage, None for the last one.
        buildargs: Values for ARG.
        nocache: Whether the cache was left aside.
        classic: Whether the classic builder was asked for.
    """

    context: str
    dockerfile: str
    target: str | None
    buildargs: dict[str, str]
    nocache: bool
    classic: bool


def start_up(folder: Path) -> Path:
    """Write what makes IPython record; gives the folder to name as IPYTHONDIR.

    Args:
        folder: Where it is written.
    """
    start = folder / "profile_default" / "startup"
    start.mkdir(parents=True, exist_ok=True)
    root = Path(__file__).parents[1]
    (start / "00-record.py").write_text(
        f"import sys\nsys.path.insert(0, {str(root)!r})\n"
        "from benchmarks.recording import install\ninstall()\n"
        f"sys.path.remove({str(root)!r})\ndel install, sys\n"
    )
    return folder


def install() -> None:
    """Wrap `build` in this process."""
    from stagelab import builds  # noqa: PLC0415 - only in a kernel that records
    from stagelab.builds import building  # noqa: PLC0415 - as above

    wrapped = _recording(building.build, Path(os.environ[FOLDER]))
    building.build = wrapped
    builds.build = wrapped


def recorded(folder: Path) -> list[Recorded]:
    """Give the builds that were written to a folder, in the order in which they were made."""
    files = sorted(folder.glob(f"*/{_FILE}"))
    return [Recorded(**json.loads(file.read_text("utf-8"))) for file in files]


def _recording(build: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    @functools.wraps(build)
    def recording(context: Any = ".", *, dockerfile: Any = "Dockerfile", **options: Any) -> Any:  # noqa: ANN401 - whatever `build` takes
        _record(folder, context, dockerfile, options)
        return build(context, dockerfile=dockerfile, **options)

    return recording


def _record(folder: Path, context: Any, dockerfile: Any, options: dict[str, Any]) -> None:  # noqa: ANN401 - as above
    from stagelab.builds import loading  # noqa: PLC0415 - only in a kernel that records
    from stagelab.errors import StagelabError  # noqa: PLC0415 - as above

    try:
        text = loading.load(context, dockerfile).dockerfile
    except StagelabError:
        return  # no build comes of it
    place = folder / f"{time.time_ns():020d}"
    copy = place / _CONTEXT
    if isinstance(context, str) and loading.is_text(context):
        copy.mkdir(parents=True)
    elif isinstance(context, str | os.PathLike) and Path(context).is_dir():
        shutil.copytree(context, copy, symlinks=True)
    else:
        return  # an archive: no lesson builds from one
    build = Recorded(
        context=str(copy),
        dockerfile=text,
        target=options.get("target"),
        buildargs=dict(options.get("buildargs") or {}),
        nocache=bool(options.get("nocache")),
        classic=options.get("builder") == "classic",
    )
    (place / _FILE).write_text(json.dumps(asdict(build)), "utf-8")
