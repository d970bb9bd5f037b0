"""How the difference of two file systems looks: sums, and what makes the most of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stagelab._render import register
from stagelab.image.diff import EntryChange, TreeDiff
from stagelab.show.style import (
    PALETTE,
    Html,
    bar,
    card,
    code,
    count,
    escape,
    humane_bytes,
    humane_count,
    muted,
    table,
    text_bar,
    text_table,
)
from stagelab.show.usage import COUNTED, printable

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

_MOST = 20
# What an entry has a row of its own from: a share of its folder, or of all that was added (removed,
# changed); and never below the last.
_OF_FOLDER, _OF_ALL, _LEAST = 0.12, 0.04, 0.003
_SIGNS = {"added": "+", "removed": "−", "changed": "~"}  # noqa: RUF001 - a minus sign
_BARS = {"added": "blue", "removed": "orange", "changed": "purple"}
_SUMS_HEADER = ("", "What", "Paths", "Bytes")
_SUMS_ALIGN = "llrr"
_HEADER = ("", "Path", "Paths", "Bytes", "", "What differs")
_ALIGN = "llrrll"
_COMPARED = "Contents are compared by size and fingerprint; times are not compared."


class _Row(NamedTuple):
    """A path, or several of one folder; `weight` is what rows are sorted by."""

    what: str
    path: str
    paths: int
    size_bytes: int
    told: str
    weight: int


def diff_html(found: TreeDiff) -> Html:
    """Show sums, then the largest differences."""
    rows = _rows(found)
    most = max((abs(row.size_bytes) for row in rows), default=0) or 1
    shown = [
        (
            *(_SIGNS[row.what], code(printable(row.path))),
            *(humane_count(row.paths), _signed(row.size_bytes)),
            bar(abs(row.size_bytes) / most, colour=PALETTE[_BARS[row.what]])
            if row.size_bytes
            else "",
            printable(row.told),
        )
        for row in rows[:_MOST]
    ]
    parts = [table(_SUMS_HEADER, _sums(found), align=_SUMS_ALIGN)]
    if shown:
        parts.append(table(_HEADER, shown, align=_ALIGN, caption="Largest first"))
    notes = Html("<br>".join(escape(printable(note)) for note in _notes(found, rows)))
    return card(printable(_title(found)), *parts, muted(notes))


def diff_text(found: TreeDiff) -> str:
    """Show the same as plain text."""
    rows = _rows(found)
    most = max((abs(row.size_bytes) for row in rows), default=0) or 1
    shown = [
        (
            *(_SIGNS[row.what], printable(row.path)),
            *(humane_count(row.paths), _signed(row.size_bytes)),
            text_bar(abs(row.size_bytes) / most, 8),
            printable(row.told),
        )
        for row in rows[:_MOST]
    ]
    parts = [printable(_title(found)), text_table(_SUMS_HEADER, _sums(found), align=_SUMS_ALIGN)]
    if shown:
        parts.append(text_table(_HEADER, shown, align=_ALIGN))
    parts.append("\n".join(printable(note) for note in _notes(found, rows)))
    return "\n\n".join(parts)


def change_text(change: EntryChange) -> str:
    """Say in a line what became of a path."""
    return printable(f"{_SIGNS[_what(change)]} {change.path}: {_told(change)}")


def _title(found: TreeDiff) -> str:
    before, after = found.names
    if found.same:
        return f"{found.path}: no difference between {before} and {after}"
    sizes = f"{humane_bytes(found.before_bytes)} → {humane_bytes(found.after_bytes)}"
    return f"{found.path}: from {before} to {after}, {sizes}"


def _sums(found: TreeDiff) -> list[tuple[str, str, str, str]]:
    parts: list[tuple[str, Sequence[EntryChange], int]] = [
        ("added", found.added, found.added_bytes),
        ("removed", found.removed, -found.removed_bytes),
        ("changed", found.changed, found.grown_bytes),
    ]
    rows = [
        (_SIGNS[what], what, humane_count(len(changes)), _signed(size))
        for what, changes, size in parts
    ]
    return [*rows, ("=", "the same", humane_count(found.unchanged), "")]


def _signed(size_bytes: int) -> str:
    if not size_bytes:
        return "0 B"
    sign = "+" if size_bytes > 0 else "−"  # noqa: RUF001 - a minus sign
    return f"{sign}{humane_bytes(abs(size_bytes))}"


def _rows(found: TreeDiff) -> list[_Row]:
    """Fold what came or went with its folder, and what is small with others; largest first."""
    groups = [_topmost(changes) for changes in (found.added, found.removed, found.changed)]
    rows = [row for group in groups if group for row in _folded(group)]
    return sorted(rows, key=lambda row: (-row.weight, row.path))


def _topmost(changes: Iterable[EntryChange]) -> list[_Row]:
    """Give a row for each change, those within a folder that came or went as one for all."""
    rows: dict[str, _Row] = {}
    tops: dict[str, str] = {}  # a folder that came or went, and the topmost one above it
    for change in changes:
        what = _what(change)
        path = change.path
        entry = change.after or change.before
        if what != "changed":
            path = _top(path, tops) or path
            if entry is not None and entry.kind == "dir":
                tops[change.path] = path
        size = -change.size_bytes if what == "removed" else change.size_bytes
        known = rows.get(path)
        if known is None:
            rows[path] = _Row(what, path, 1, size, _told(change), _weight(change))
        else:
            told = f"the folder and {humane_count(known.paths)} below"
            rows[path] = _sum(path, (known, _Row(what, path, 1, size, "", _weight(change))), told)
    return [row._replace(path=path + "/") if path in tops else row for path, row in rows.items()]


def _top(path: str, tops: Mapping[str, str]) -> str | None:
    """Find the topmost folder above a path, past folders that only their contents tell of."""
    while path := path.rpartition("/")[0]:
        if path in tops:
            return tops[path]
    return None


def _folded(rows: Sequence[_Row]) -> Iterator[_Row]:
    """Give the rows that stand out in their folder, and one for the others of each folder."""
    own = {row.path.rstrip("/"): row for row in rows}
    inside: dict[str, list[str]] = {"": []}
    for path in own:
        _put_into_folder(path, inside, own)
    sums = own | {"": _sum("", rows, "")}
    # what lies in a folder is behind it in this order
    for path in sorted(inside, reverse=True):
        parts = [sums[name] for name in inside[path]]
        sums[path] = _sum(path, [*([own[path]] if path in own else []), *parts], "")
    weights = {path: total.weight for path, total in sums.items()}
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        if folder in own:
            yield own[folder]
        names = inside.get(folder, [])
        share = min(_OF_FOLDER * weights[folder], _OF_ALL * weights[""])
        enough = max(share, _LEAST * weights[""])
        large = [name for name in names if weights[name] >= enough]
        others = [name for name in names if weights[name] < enough]
        if len(others) == 1:
            large, others = list(names), []
        waiting += large
        if others:
            entries = "entries" if len(others) == len(names) else "other entries"
            told = f"{humane_count(len(others))} {entries} of this folder"
            yield _sum(f"{folder}/…", [sums[name] for name in others], told)


def _put_into_folder(path: str, inside: dict[str, list[str]], own: Container[str]) -> None:
    """Put a path into its folder, and folders that only paths tell of into theirs."""
    while True:
        folder = path.rpartition("/")[0]
        if folder in inside:
            inside[folder].append(path)
            return
        inside[folder] = [path]
        if folder in own:
            return
        path = folder


def _sum(path: str, rows: Sequence[_Row], told: str) -> _Row:
    return _Row(
        rows[0].what,
        path,
        sum(row.paths for row in rows),
        sum(row.size_bytes for row in rows),
        told,
        sum(row.weight for row in rows),
    )


def _weight(change: EntryChange) -> int:
    """Tell how much a change matters beside others: the bytes that it touches, and that it is."""
    if change.before and change.after:
        kept = {"contents", "kind"}.isdisjoint(change.differs)
        touched = 0 if kept else max(change.before.size, change.after.size)
        return touched + 1
    return abs(change.size_bytes) + 1


def _what(change: EntryChange) -> str:
    return "added" if change.before is None else "removed" if change.after is None else "changed"


def _told(change: EntryChange) -> str:
    old, new = change.before, change.after
    if old is None or new is None:
        entry = old or new
        assert entry is not None  # noqa: S101 - a change has one of them
        return {"dir": "a folder", "file": humane_bytes(entry.size)}.get(
            entry.kind, f"{entry.kind} to {entry.link}" if entry.link else entry.kind
        )
    told = {
        "kind": f"{old.kind} → {new.kind}",
        "contents": f"contents, {humane_bytes(old.size)} → {humane_bytes(new.size)}",
        "link": f"link to {old.link} → {new.link}",
        "mode": f"mode {old.mode:04o} → {new.mode:04o}",
        "owner": f"owner {old.uid}:{old.gid} → {new.uid}:{new.gid}",
    }
    return "; ".join(told[difference] for difference in change.differs)


def _notes(found: TreeDiff, rows: Sequence[_Row]) -> list[str]:
    notes = []
    rest = rows[_MOST:]
    if rest:
        paths = count(sum(row.paths for row in rest), "path")
        notes.append(f"And {paths} more; `added`, `removed` and `changed` have every one.")
    if found.unknown:
        files = count(len(found.unknown), "file")
        notes.append(f"Nothing tells whether the contents of {files} with holes are the same.")
    return [*notes, COUNTED, _COMPARED]


register(TreeDiff, html=diff_html, text=diff_text)
register(EntryChange, html=lambda change: code(change_text(change)), text=change_text)
