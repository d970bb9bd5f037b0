"""`diff`: what differs between the file systems of two images."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from stagelab._render import Shown
from stagelab.errors import ImageError
from stagelab.image.holdings import holdings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stagelab.image.entry import Entry
    from stagelab.image.facts import XRay
    from stagelab.image.holdings import Holding

Difference = Literal["kind", "contents", "link", "mode", "owner"]
"""What can differ at a path: `contents` of a regular file, where a symbolic `link` points."""


@dataclass(frozen=True, slots=True)
class EntryChange(Shown):
    """One path that is not the same in both images.

    Attributes:
        path: From the root.
        before: What the first image has there; None if nothing.
        after: What the second image has there; None if nothing.
        differs: What differs; empty if only one of them has the path.
        size_bytes: Bytes that came or went with this name, or by how much it grew. A file with
            several names (hard links) counts at the first; 0 if the file goes on under another.
    """

    path: str
    before: Entry | None
    after: Entry | None
    differs: tuple[Difference, ...]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TreeDiff(Shown):
    """What differs between two file systems.

    Contents are compared by size and fingerprint (`Entry.fingerprint`). The numbers of devices, and
    which names share a file, are not compared; neither is the mode of a symbolic link, which means
    nothing.

    Attributes:
        names: What the two images are called.
        path: The folder that is looked at.
        added: What only the second image has, by path.
        removed: What only the first image has, by path.
        changed: What both have and is not the same, by path.
        unchanged: How many paths are the same in both.
        unknown: Paths of files with holes that are alike in all but perhaps their contents, which
            have no fingerprint.
        before_bytes: Bytes of the regular files in the first image, hard links counted once.
        after_bytes: Likewise in the second.
        added_bytes: Bytes of the files of which all names were added.
        removed_bytes: Bytes of the files of which all names were removed.
    """

    names: tuple[str, str]
    path: str
    added: tuple[EntryChange, ...] = field(repr=False)
    removed: tuple[EntryChange, ...] = field(repr=False)
    changed: tuple[EntryChange, ...] = field(repr=False)
    unchanged: int
    unknown: tuple[str, ...]
    before_bytes: int
    after_bytes: int
    added_bytes: int
    removed_bytes: int

    @property
    def grown_bytes(self) -> int:
        """By how much the files grew that are in both; negative if they shrank."""
        return self.after_bytes - self.before_bytes - self.added_bytes + self.removed_bytes

    @property
    def same(self) -> bool:
        """Whether nothing differs that can be compared."""
        return not (self.added or self.removed or self.changed)

    def to_records(self) -> list[dict[str, Any]]:
        """Give every change as `pandas.DataFrame` takes it, by path.

        Returns:
            Dicts with `path`, `what` (added, removed, changed), `differs` (comma-separated),
            `size_bytes`, and for before and after the `kind`, `size`, `mode`, `uid`, `gid` and
            `link` as `kind_before` and so on, None where there is nothing.
        """
        parts = {"added": self.added, "removed": self.removed, "changed": self.changed}
        records = [_record(what, change) for what, part in parts.items() for change in part]
        return sorted(records, key=lambda record: str(record["path"]))


def diff(before: XRay, after: XRay, path: str = "/") -> TreeDiff:
    """Tell what differs between the merged file systems of two images.

    Args:
        before: The first image.
        after: The second image.
        path: What to look at, itself and all below; links are not followed.

    Raises:
        ImageError: If neither image has anything there.
    """
    wanted = "/" + path.strip("/")
    old, new = _below(holdings(before), wanted), _below(holdings(after), wanted)
    if wanted != "/" and not old and not new:
        raise ImageError(
            f"Neither {before.name} nor {after.name} has anything at {wanted}.",
            fix="Leave the path out to compare everything, or search for it with seen.find('*…').",
        )
    both = sorted(old.keys() & new.keys())
    came, went = _counted(new, both), _counted(old, both)
    changed: list[EntryChange] = []
    unknown: list[str] = []
    for name in both:
        was, now = old[name], new[name]
        differs = _differs(was, now)
        if differs:
            grown = came.get(name, 0) - went.get(name, 0)
            changed.append(EntryChange(name, was.entry, now.entry, differs, grown))
        elif _unknown(was, now) and _origin(before, was) != _origin(after, now):
            unknown.append(name)
    added = sorted(new.keys() - old.keys())
    removed = sorted(old.keys() - new.keys())
    return TreeDiff(
        names=(before.name, after.name),
        path=wanted,
        added=tuple(EntryChange(n, None, new[n].entry, (), came.get(n, 0)) for n in added),
        removed=tuple(EntryChange(n, old[n].entry, None, (), went.get(n, 0)) for n in removed),
        changed=tuple(changed),
        unchanged=len(both) - len(changed) - len(unknown),
        unknown=tuple(unknown),
        before_bytes=sum(went.values()),
        after_bytes=sum(came.values()),
        added_bytes=sum(came.get(name, 0) for name in added),
        removed_bytes=sum(went.get(name, 0) for name in removed),
    )


def _below(held: Mapping[str, Holding], path: str) -> dict[str, Holding]:
    if path == "/":
        return dict(held)
    return {
        name: each for name, each in held.items() if name == path or name.startswith(path + "/")
    }


def _counted(held: Mapping[str, Holding], both: Iterable[str]) -> dict[str, int]:
    """Give the bytes that count at each name: a name that stays before one that does not."""
    counted: dict[tuple[int, int], str] = {}
    for name in (*both, *held):
        contents = held[name].contents
        if contents:
            counted.setdefault(contents, name)
    return {name: held[name].entry.size for name in counted.values()}


def _differs(was: Holding, now: Holding) -> tuple[Difference, ...]:
    old, new = was.entry, now.entry
    differs: list[Difference] = []
    if old.kind != new.kind:
        differs.append("kind")
    elif old.kind == "file":
        known = was.fingerprint and now.fingerprint
        if old.size != new.size or (known and was.fingerprint != now.fingerprint):
            differs.append("contents")
    elif old.kind == "symlink" and old.link != new.link:
        differs.append("link")
    if old.mode != new.mode and "symlink" not in {old.kind, new.kind}:
        differs.append("mode")
    if (old.uid, old.gid) != (new.uid, new.gid):
        differs.append("owner")
    return tuple(differs)


def _unknown(was: Holding, now: Holding) -> bool:
    return was.entry.size > 0 and not (was.fingerprint and now.fingerprint)


def _origin(seen: XRay, held: Holding) -> tuple[str | None, int] | None:
    """Tell where contents come from: images that share a layer share what is in it."""
    if held.contents is None:
        return None
    layer, number = held.contents
    return seen.layers[layer].diff_id, number


def _record(what: str, change: EntryChange) -> dict[str, Any]:
    record: dict[str, Any] = {
        "path": change.path,
        "what": what,
        "differs": ",".join(change.differs),
        "size_bytes": change.size_bytes,
    }
    for when, entry in (("before", change.before), ("after", change.after)):
        for name in ("kind", "size", "mode", "uid", "gid", "link"):
            record[f"{name}_{when}"] = None if entry is None else getattr(entry, name)
    return record
