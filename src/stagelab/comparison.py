"""Two or more images side by side: size, layers, contents, what an intruder would find."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Literal

from stagelab._render import Shown
from stagelab.errors import ImageError
from stagelab.image.facts import XRay
from stagelab.image.xraying import xray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike

    from docker import DockerClient
    from docker.models.images import Image

    from stagelab.builds.facts import Build
    from stagelab.image.facts import BaseUseLike

BASE_KINDS = {
    "official": "the official image",
    "stand-in": "a stand-in made from distribution packages",
    "scratch": "an empty file system",
    "other": "an image of your own",
}

_Measure = tuple[str, "Callable[[XRay], int]"]
_NUMBERS: dict[str, _Measure] = {
    "size": ("Size", lambda seen: seen.size_bytes),
    "layers": ("Layers", lambda seen: seen.layer_count),
    "files": ("Files", lambda seen: seen.files),
    "packages": ("Packages", lambda seen: len(seen.packages)),
    "shells": ("Shells", lambda seen: len(seen.shells)),
    "compilers": ("Compilers", lambda seen: len(seen.compilers)),
    "package_managers": ("Package managers", lambda seen: len(seen.package_managers)),
    "setuid": ("Setuid programs", lambda seen: len(seen.setuid)),
}
_NEUTRAL = ("layers",)


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of every image.

    Attributes:
        metric: Its name, as `Comparison.ratio` takes it.
        title: The same for people.
        unit: Whether the values are bytes, counts, or words.
        values: One an image, in the order of the images.
        best: Places of the images that do best; empty if all do alike or none is better for it.
        factor: The largest value over the smallest; None for words, and if the smallest is 0.
    """

    metric: str
    title: str
    unit: Literal["bytes", "count", "words"]
    values: tuple[int | str, ...]
    best: tuple[int, ...]
    factor: float | None


@dataclass(frozen=True, slots=True)
class Comparison(Shown):
    """Images side by side.

    Attributes:
        names: What each image is called here.
        xrays: The facts of each image.
        rows: The metrics: size, layers, files, packages, shells, compilers, package_managers,
            setuid, user, base.
        bases: For each image a sentence that says on which kind of base its numbers rest.
    """

    names: tuple[str, ...]
    xrays: tuple[XRay, ...] = field(repr=False)
    rows: tuple[Row, ...]
    bases: tuple[str, ...]

    def row(self, metric: str) -> Row:
        """Give the row of a metric.

        Raises:
            ImageError: If there is no such metric.
        """
        for row in self.rows:
            if row.metric == metric:
                return row
        raise ImageError(
            f"A comparison has no metric {metric!r}.",
            fix="Use one of: " + ", ".join(row.metric for row in self.rows) + ".",
        )

    def ratio(self, metric: str, *, of: int = 0, to: int = -1) -> float:
        """Tell how many times as much one image has of something as another.

        Args:
            metric: One of the rows with numbers, such as "size".
            of: Place of the image above the line, the first unless told.
            to: Place of the image below the line, the last unless told.

        Returns:
            The quotient; infinity if only the image below the line has none, 1.0 if neither has.

        Raises:
            ImageError: If there is no such metric, or its values are words.
        """
        above, below = self.row(metric).values[of], self.row(metric).values[to]
        if isinstance(above, str) or isinstance(below, str):
            raise ImageError(
                f"The metric {metric!r} has words, which have no ratio.",
                fix="Use one of: " + ", ".join(_NUMBERS) + ".",
            )
        if not below:
            return inf if above else 1.0
        return above / below


def compare(
    *images: XRay | Image | Build | str | PathLike[str],
    names: Sequence[str] | None = None,
    client: DockerClient | None = None,
) -> Comparison:
    """Put images side by side.

    Args:
        images: X-rays, or anything that `xray` takes; at least one.
        names: What to call them; their tags or references unless told.
        client: The engine for references; None for the one that `connect` finds.

    Raises:
        ImageError: If there is no image, or not a name for each; else as `xray`.
    """
    if not images or (names is not None and len(names) != len(images)):
        raise ImageError(
            f"There are {len(images)} images and {len(names or ())} names for them.",
            fix="Give images, and no names or one for each: compare(a, b, names=('a', 'b')).",
        )
    xrays = tuple(image if isinstance(image, XRay) else xray(image, client) for image in images)
    called = tuple(names) if names else tuple(seen.name for seen in xrays)
    rows = [
        _number_row(metric, title, [value(seen) for seen in xrays])
        for metric, (title, value) in _NUMBERS.items()
    ]
    users = tuple(_user(seen) for seen in xrays)
    rootless = tuple(at for at, seen in enumerate(xrays) if not seen.runs_as_root)
    best = rootless if len(rootless) < len(xrays) else ()
    rows.append(Row("user", "User", "words", users, best, None))
    rows.append(Row("base", "Base", "words", tuple(_base(seen) for seen in xrays), (), None))
    bases = tuple(f"{name}: {_rests(seen)}." for name, seen in zip(called, xrays, strict=True))
    return Comparison(called, xrays, tuple(rows), bases)


def said_base(use: BaseUseLike) -> str:
    """Say what a stage starts from, and of which kind that is."""
    return f"{use.reference} ({BASE_KINDS.get(use.kind, use.kind)})"


def _number_row(metric: str, title: str, values: Sequence[int]) -> Row:
    least, most = min(values), max(values)
    best = tuple(at for at, value in enumerate(values) if value == least)
    if least == most or metric in _NEUTRAL:
        best = ()
    unit: Literal["bytes", "count"] = "bytes" if metric == "size" else "count"
    return Row(metric, title, unit, tuple(values), best, most / least if least else None)


def _user(seen: XRay) -> str:
    alias = seen.runs_as_root and seen.user.partition(":")[0] != "root"
    return f"{seen.user} (root)" if alias else seen.user


def _base(seen: XRay) -> str:
    if seen.bases:
        last = seen.bases[-1]
        return last.kind if last.kind == "scratch" else f"{last.reference}, {last.kind}"
    return f"{seen.stand_in}, stand-in" if seen.stand_in else "not recorded"


def _rests(seen: XRay) -> str:
    if seen.bases:
        return "; ".join(f"{use.stage} starts from {said_base(use)}" for use in seen.bases)
    if seen.stand_in:
        return f"rests on {BASE_KINDS['stand-in']} in place of {seen.stand_in}"
    return "the image does not say what it rests on"
