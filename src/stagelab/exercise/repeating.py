"""An answer built once more without cache, as somebody else would, and what came out different."""

from __future__ import annotations

import json
import os
import tarfile
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from stagelab.exercise.stripping import carried, compiles
from stagelab.exercise.task import Found, Requirement, met, unmet, waiting
from stagelab.image import XRay, xray
from stagelab.image.source import source_of

if TYPE_CHECKING:
    from docker.models.images import Image

    from stagelab.builds import Build
    from stagelab.exercise.attempt import Attempt

Times = dict[str, int]
"""When a layer's files were changed last, by path from the root, POSIX seconds."""

_CHECKED_OUT = 1_000_000_000
"""The time that the files of the other checkout bear; no clock gives it again."""

_NEXT_SECOND = 1.1
_MOST_READ = 64 << 20
"""Layers are compared entry by entry up to this size, in bytes: it is for small images."""


def again(attempt: Attempt, number: int = 1) -> Build:
    """Build an answer without cache, at a later second, from a copy in another folder; once each.

    The copy has the same contents and other times, as another checkout has.

    Args:
        attempt: The answer.
        number: Which of several such builds, from 1.

    Raises:
        BuildError: It does not build.
    """
    return attempt.once(f"again {number}", lambda: _again(attempt, number))


def _again(attempt: Attempt, number: int) -> Build:
    with attempt.copied_context(f"checkout-{number}") as copy:
        for path in [copy, *copy.rglob("*")]:
            os.utime(path, (_CHECKED_OUT + number, _CHECKED_OUT + number))
        time.sleep(_NEXT_SECOND)
        return attempt.variant(context=copy, nocache=True)


@dataclass(frozen=True, slots=True)
class Differing:
    """A layer that is not the same in two builds.

    Attributes:
        number: Its place among the image's layers, from 0.
        diff_id: Its digest in the first build; None if only the second has it.
        times: Paths that bear another time, folders with a slash at the end; empty if the layers
            were not or cannot be compared entry by entry.
    """

    number: int
    diff_id: str | None
    times: tuple[str, ...]


def first_differing(before: Image, after: Image, size_bytes: int) -> Differing | None:
    """Find the lowest layer that two images do not share; None if they share all.

    Args:
        before: The first image.
        after: The second image.
        size_bytes: How large they are; beyond some ten megabytes times are not compared.
    """
    first = before.attrs["RootFS"].get("Layers") or []
    second = after.attrs["RootFS"].get("Layers") or []
    if first == second:
        return None
    both = min(len(first), len(second))
    number = next((n for n in range(both) if first[n] != second[n]), both)
    diff_id = first[number] if number < len(first) else None
    if number == both or size_bytes > _MOST_READ:
        return Differing(number, diff_id, ())
    was, now = _times(before, number), _times(after, number)
    return Differing(number, diff_id, tuple(p for p in was if now.get(p, was[p]) != was[p]))


def _times(image: Image, number: int) -> Times:
    """Read the times of a layer's entries; none if it is packed in a way unknown to `tarfile`.

    Raises:
        ImageError: The engine does not give the image out.
    """
    with tempfile.TemporaryFile() as kept:
        with closing(source_of(image, None).pieces()) as pieces:
            for piece in pieces:
                kept.write(piece)
        kept.seek(0)
        try:
            with tarfile.open(fileobj=kept) as archive:
                manifest = json.load(_file(archive, "manifest.json"))[0]
                with tarfile.open(fileobj=_file(archive, manifest["Layers"][number])) as layer:
                    return {_path(entry): int(entry.mtime) for entry in layer}
        except (tarfile.TarError, KeyError, IndexError):
            return {}


def _file(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    return cast("IO[bytes]", archive.extractfile(name))


def _path(entry: tarfile.TarInfo) -> str:
    return f"/{entry.name.strip('/')}{'/' if entry.isdir() else ''}"


def _second(attempt: Attempt) -> XRay:
    """Give what is in the image of the second build."""
    return attempt.once("second", lambda: xray(again(attempt), client=attempt.client))


def same_program(
    text: str = "Built again without cache, the program is the same, byte for byte.",
) -> Requirement:
    """A second build, without cache, gives the same program."""
    return Requirement(
        text,
        _same_program,
        (
            "What in the line that compiles is another text at each build?",
            "A version says what was built. When it was built belongs to the source, or nowhere.",
            "Keep -X main.version=${VERSION}, and take -X main.built=$(date …) out.",
        ),
    )


def _same_program(attempt: Attempt) -> Found:
    first = carried(attempt)
    if first is None:
        return waiting()
    second = _second(attempt)
    same = [b.path for b in second.binaries if second.read(b.path) == first]
    if same:
        return met("Built again without cache it is the same, byte for byte.")
    dated = [i for i in attempt.source.instructions if i.keyword == "RUN" and "date" in i.value]
    if dated:
        return unmet(
            "built again without cache, this makes another program from the same source: what "
            "`date` prints gets into it. Leave the time out, or take a fixed one that belongs to "
            "the source, such as ARG SOURCE_DATE_EPOCH=1700000000.",
            at=dated[0],
        )
    return unmet(
        "built again without cache from the same source it is another program: something that is "
        "new at each build, a time or a random number, gets into it.",
        at=compiles(attempt),
    )


def same_layers(
    text: str = "Built again from another checkout, every layer has the same digest.",
) -> Requirement:
    """A second build, without cache and from files with other times, gives the same layers."""
    return Requirement(
        text,
        _same_layers,
        (
            "A layer is a tar archive: beside its contents each file and folder has a time.",
            "COPY keeps times, and touch -d @… sets them, in a stage that has a shell. WORKDIR "
            "and COPY into a new folder make a folder, with the time of the build.",
            "Builder: go build, then gather all in /out and touch -d @1700000000 it. Last stage: "
            "COPY --from=builder /out/ / and no WORKDIR.",
        ),
    )


def _same_layers(attempt: Attempt) -> Found:
    # The attempt's own build may have taken a layer from the cache, which goes by contents and not
    # by times: that of an earlier answer. So two builds without cache are compared.
    first, second = again(attempt, 1), again(attempt, 2)
    found = first_differing(first.image, second.image, attempt.xray.size_bytes)
    if found is None:
        return met("Every layer of a second build without cache has the same digest.")
    layers = xray(first, client=attempt.client).layers
    index = next((each.index for each in layers if each.diff_id == found.diff_id), None)
    at = None if index is None else attempt.layer_instruction(index)
    if not found.times:
        return unmet("built again without cache, this layer is another one.", at=at)
    folders = [path for path in found.times if path.endswith("/")]
    if len(folders) == len(found.times):
        return unmet(
            f"built again without cache, this layer has other times, and only of folders: "
            f"{', '.join(folders)}. The build itself made or changed them, just now. Copy to where "
            "no folder is made: to /, or bring the folder along from the builder, by "
            "COPY --from=builder /out/ /, with its time set there.",
            at=at,
        )
    files = [path for path in found.times if not path.endswith("/")]
    return unmet(
        "built again without cache from another checkout, this layer has the same contents and "
        f"other times: {', '.join(files)}. COPY keeps the time that a file has where it comes "
        "from. Set it in the builder, before it is copied: touch -d @1700000000.",
        at=at,
    )
