"""What images are compared by: each metric, its group, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from stagelab.image.facts import BaseUseLike, XRay
    from stagelab.image.scanners import ScannerFindings
    from stagelab.image.start import Start
    from stagelab.image.users import User

Unit = Literal["bytes", "count", "words"]
Group = Literal["How large", "What is inside", "Attack surface", "Secrets and fixes", "How it runs"]

GROUPS: dict[Group, str] = {
    "How large": (
        "Size: the bytes of the files in all layers, uncompressed. Transfer size: the layers as "
        "compressed for a registry. Reclaimable: bytes in layers that later layers hide."
    ),
    "What is inside": (
        "Files: regular files that a container sees. Packages: by the records of dpkg, apk, rpm, "
        "pip and npm."
    ),
    "Attack surface": (
        "Programs: by name in the usual program folders and those of PATH, a file once however "
        "many names it has. Setuid, setgid, world-writable: by mode. Capabilities: by attribute."
    ),
    "Secrets and fixes": (
        "Secrets: by form and by name, in every layer, those deleted later too, and in variables, "
        "labels and history; what is known to be public is not counted, and what has no such form "
        "is not found. Fixes: source packages of which the image's own Debian or Ubuntu archive "
        "has a newer version; whether one is about security is not said."
    ),
    "How it runs": (
        "Starts: predicted from the program, its loader or interpreter, and the user's rights; "
        "nothing was run."
    ),
}
"""What the rows of each group say, as it is told where they are shown."""

BASE_KINDS = {
    "official": "the official image",
    "stand-in": "a stand-in made from distribution packages",
    "scratch": "an empty file system",
    "other": "an image of your own",
}

_NOT_STORED = "not compressed here"
_STARTS = {"starts": "yes", "fails": "cannot start", "unknown": "not known"}


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of every image.

    Attributes:
        metric: Its name, as `Comparison.ratio` takes it.
        title: The same for people.
        unit: Whether the values are bytes, counts, or words.
        values: One an image, in the order of the images; None where it is not known.
        best: Places of the images that do best; empty if all do alike, none is better for it, or
            one of them is not known.
        factor: The largest value over the smallest; None for words, if the smallest is 0, and if
            one of them is not known.
        group: What it is a part of.
        unknown: For each image why its value is not known; "" where it is.
    """

    metric: str
    title: str
    unit: Unit
    values: tuple[int | str | None, ...]
    best: tuple[int, ...]
    factor: float | None
    group: Group
    unknown: tuple[str, ...]


class _Number(NamedTuple):
    title: str
    group: Group
    value: Callable[[XRay], int | None]
    unit: Unit = "count"
    neutral: bool = False
    """Whether less of it is no better."""


def _packages(seen: XRay) -> int | None:
    return None if seen.unread else len(seen.packages)


_NUMBERS = {
    "size": _Number("Size", "How large", lambda seen: seen.size_bytes, "bytes"),
    "transfer": _Number("Transfer size", "How large", lambda seen: seen.transfer_bytes, "bytes"),
    "layers": _Number("Layers", "How large", lambda seen: seen.layer_count, neutral=True),
    "reclaimable": _Number(
        "Reclaimable", "How large", lambda seen: seen.waste.reclaimable_bytes, "bytes"
    ),
    "files": _Number("Files", "What is inside", lambda seen: seen.files),
    "packages": _Number("Packages", "What is inside", _packages),
    "shells": _Number("Shells", "Attack surface", lambda seen: len(seen.surface.shells)),
    "package_managers": _Number(
        "Package managers", "Attack surface", lambda seen: len(seen.surface.package_managers)
    ),
    "compilers": _Number("Compilers", "Attack surface", lambda seen: len(seen.surface.compilers)),
    "interpreters": _Number(
        "Interpreters", "Attack surface", lambda seen: len(seen.surface.interpreters)
    ),
    "network_tools": _Number(
        "Network tools", "Attack surface", lambda seen: len(seen.surface.network_tools)
    ),
    "setuid": _Number("Setuid programs", "Attack surface", lambda seen: len(seen.surface.setuid)),
    "setgid": _Number("Setgid programs", "Attack surface", lambda seen: len(seen.surface.setgid)),
    "world_writable": _Number(
        "World-writable paths", "Attack surface", lambda seen: len(seen.surface.world_writable)
    ),
    "capabilities": _Number(
        "File capabilities", "Attack surface", lambda seen: len(seen.surface.capabilities)
    ),
    "secrets": _Number("Secrets found", "Secrets and fixes", lambda seen: len(seen.secrets.found)),
    "fixes": _Number("Fixes not installed", "Secrets and fixes", lambda seen: seen.fixes.count),
}

NUMBERS = tuple(_NUMBERS)
"""Metrics that have a ratio."""


def rows(xrays: Sequence[XRay]) -> tuple[Row, ...]:
    """Give the metrics of images, group by group."""
    found = [
        number_row(
            metric,
            number.title,
            [number.value(seen) for seen in xrays],
            group=number.group,
            unit=number.unit,
            neutral=number.neutral,
            unknown=[_why_unknown(metric, seen) for seen in xrays],
        )
        for metric, number in _NUMBERS.items()
    ]
    users = [seen.surface.user for seen in xrays]
    starts = [said_start(seen.start) for seen in xrays]
    found += [
        _words("user", "User", [said_user(user) for user in users], [_harmless(u) for u in users]),
        _words(
            "start",
            "Starts",
            starts,
            [said == _STARTS["starts"] for said in starts] if _STARTS["fails"] in starts else (),
        ),
        _words("base", "Base", [_base(seen) for seen in xrays]),
    ]
    return tuple(found)


def scanner_rows(scans: Sequence[Sequence[ScannerFindings]]) -> tuple[Row, ...]:
    """Give a row for each scanner that is installed, by its name and version.

    Args:
        scans: For each image what each scanner says, the same scanners in the same order.
    """
    return tuple(
        number_row(
            told[0].tool,
            f"Findings of {told[0].tool} {told[0].version}".rstrip(),
            [said.findings for said in told],
            group="Secrets and fixes",
            unknown=["" if said.findings is not None else said.status for said in told],
        )
        for told in zip(*scans, strict=True)
        if any(said.status != "not installed" for said in told)
    )


def number_row(
    metric: str,
    title: str,
    values: Sequence[int | None],
    *,
    group: Group,
    unknown: Sequence[str],
    unit: Unit = "count",
    neutral: bool = False,
) -> Row:
    """Make the row of a metric of which less is better, unless it is neutral."""
    known = [value for value in values if value is not None]
    best: tuple[int, ...] = ()
    factor = None
    if len(known) == len(values):
        least, most = min(known), max(known)
        factor = most / least if least else None
        if least != most and not neutral:
            best = tuple(at for at, value in enumerate(values) if value == least)
    return Row(metric, title, unit, tuple(values), best, factor, group, tuple(unknown))


def said_user(user: User) -> str:
    """Say who a container runs as: "root", "nonroot (65532)", "65532"."""
    if user.number is None:
        return f"{user.name} (not in the image)"
    if user.root and user.name in {"root", ""}:
        return "root"
    return f"{user.name} ({user.number})" if user.name else str(user.number)


def said_start(start: Start) -> str:
    """Say in a word whether a container starts; without a command it is not meant to by itself."""
    return _STARTS[start.verdict] if start.argv else "no command"


def said_base(use: BaseUseLike) -> str:
    """Say what a stage starts from, and of which kind that is."""
    return f"{use.reference} ({BASE_KINDS.get(use.kind, use.kind)})"


def rests_on(seen: XRay) -> str:
    """Say on which kind of base an image's numbers rest."""
    if seen.bases:
        return "; ".join(f"{use.stage} starts from {said_base(use)}" for use in seen.bases)
    if seen.stand_in:
        return f"rests on {BASE_KINDS['stand-in']} in place of {seen.stand_in}"
    return "the image does not say what it rests on"


def _words(metric: str, title: str, values: Iterable[str], good: Sequence[bool] = ()) -> Row:
    told: tuple[Any, ...] = tuple(values)
    best = tuple(at for at, fine in enumerate(good) if fine)
    if len(best) == len(told):
        best = ()
    group: Group = "What is inside" if metric == "base" else "How it runs"
    return Row(metric, title, "words", told, best, None, group, ("",) * len(told))


def _why_unknown(metric: str, seen: XRay) -> str:
    if metric == "packages" and seen.unread:
        return "not readable: " + ", ".join(seen.unread)
    if metric == "transfer" and seen.transfer_bytes is None:
        return _NOT_STORED
    if metric == "fixes" and seen.fixes.count is None:
        return seen.fixes.status
    return ""


def _harmless(user: User) -> bool:
    return not user.root and not user.problem


def _base(seen: XRay) -> str:
    if seen.bases:
        last = seen.bases[-1]
        return last.kind if last.kind == "scratch" else f"{last.reference}, {last.kind}"
    return f"{seen.stand_in}, stand-in" if seen.stand_in else "not recorded"
