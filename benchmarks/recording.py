"""Record the builds of a kernel, so that the same builds can be made again by others.

A kernel that starts with `start_up` wraps `stagelab.build`, and the SDK's own `images.build`: each
call is written to a folder with a copy of its context, and then carried out as ever; what image
came of it is written beside it.
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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.docker_cli import Builder

FOLDER = "STAGELAB_BENCH_RECORDS"
"""Environment variable that names the folder to write to."""

_FILE = "build.json"
_CONTEXT = "context"
_IMAGE = "image"


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
    """Wrap `build` and the SDK's in this process."""
    from docker.models.images import ImageCollection  # noqa: PLC0415 - only in a kernel that records

    from stagelab import builds  # noqa: PLC0415 - as above
    from stagelab.builds import building  # noqa: PLC0415 - as above

    folder = Path(os.environ[FOLDER])
    wrapped = _recording(building.build, folder)
    building.build = wrapped
    builds.build = wrapped
    ImageCollection.build = _recording_classic(ImageCollection.build, folder)


def recorded(folder: Path) -> list[Recorded]:
    """Give the builds that were written to a folder, in the order in which they were made."""
    files = sorted(folder.glob(f"*/{_FILE}"))
    return [Recorded(**json.loads(file.read_text("utf-8"))) for file in files]


def images(folder: Path) -> set[str]:
    """Give the IDs of the images that came of the builds that were written to a folder."""
    return {file.read_text("utf-8") for file in folder.glob(f"*/{_IMAGE}")}


def build_again(builder: Builder, builds: list[Recorded], tag: str) -> float:
    """Make builds once more, one after the other; gives their seconds, those that fail included.

    Args:
        builder: A docker command line.
        builds: What to build.
        tag: Beginning of the images' names.
    """
    from stagelab.errors import StagelabError  # noqa: PLC0415 - a kernel that records needs none

    seconds = 0.0
    for number, build in enumerate(builds):
        file = Path(build.context).with_name("Dockerfile")
        file.write_text(build.dockerfile, "utf-8")
        options = ["--file", str(file)]
        options += ["--target", build.target] if build.target else []
        options += ["--no-cache"] if build.nocache else []
        for name, value in build.buildargs.items():
            options += ["--build-arg", f"{name}={value}"]
        began = time.perf_counter()
        try:
            builder.build(
                Path(build.context), f"{tag}{number}", *options, buildkit=not build.classic
            )
        except StagelabError:
            pass  # the lessons break builds on purpose
        finally:
            seconds += time.perf_counter() - began
    return seconds


def _recording(build: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    @functools.wraps(build)
    def recording(context: Any = ".", *, dockerfile: Any = "Dockerfile", **options: Any) -> Any:  # noqa: ANN401 - whatever `build` takes
        place = _record(folder, context, dockerfile, options)
        built = build(context, dockerfile=dockerfile, **options)
        if place is not None:
            (place / _IMAGE).write_text(str(built.image.id), "utf-8")
        return built

    return recording


def _recording_classic(build: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    @functools.wraps(build)
    def recording(images: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever the SDK's takes
        if path := options.get("path"):
            dockerfile = options.get("dockerfile") or "Dockerfile"
            _record(folder, path, dockerfile, {**options, "builder": "classic"})
        return build(images, **options)

    return recording


def _record(folder: Path, context: Any, dockerfile: Any, options: dict[str, Any]) -> Path | None:  # noqa: ANN401 - as above
    from stagelab.builds import loading  # noqa: PLC0415 - only in a kernel that records
    from stagelab.errors import StagelabError  # noqa: PLC0415 - as above

    try:
        text = loading.load(context, dockerfile).dockerfile
    except StagelabError:
        return None  # no build comes of it
    place = folder / f"{time.time_ns():020d}"
    copy = place / _CONTEXT
    if isinstance(context, str) and loading.is_text(context):
        copy.mkdir(parents=True)
    elif isinstance(context, str | os.PathLike) and Path(context).is_dir():
        shutil.copytree(context, copy, symlinks=True)
    else:
        return None  # an archive: no lesson builds from one
    build = Recorded(
        context=str(copy),
        dockerfile=text,
        target=options.get("target"),
        buildargs=dict(options.get("buildargs") or {}),
        nocache=bool(options.get("nocache")),
        classic=options.get("builder") == "classic",
    )
    (place / _FILE).write_text(json.dumps(asdict(build)), "utf-8")
    return place
