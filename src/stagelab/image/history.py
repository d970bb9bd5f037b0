"""An image's history: which instruction made which layer.

Source: OCI image specification, "Image Configuration", `history`: one element an instruction, in
order; those marked `empty_layer` have no entry among `rootfs.diff_ids`.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOP = re.compile(r"^/bin/sh -c #\(nop\)\s*")
_BUILDKIT = "# buildkit"
# Build arguments stand before the command as `|2 A=1 B=2 /bin/sh -c …`.
_RUN = re.compile(r"^(?:RUN )?(?:\|\d+ .*?)?/bin/sh -c ", re.DOTALL)
# The classic builder names what it copied by a digest, of which a few digits will do.
_COPIED = re.compile(r"\b(file|dir|multi):([0-9a-f]{12})[0-9a-f]{52}\b")
# BuildKit prints the map that it keeps ports in.
_PORTS = re.compile(r"^EXPOSE map\[(.*)\]$")


class Origin(NamedTuple):
    """One instruction: as one writes it, as the history has it, and its layer if it made one."""

    instruction: str
    created_by: str
    diff_id: str | None


def origins(config: Mapping[str, Any]) -> tuple[Origin, ...]:
    """Match the history of an image configuration with its layers, the lowest first.

    An image that was imported or squashed may have less history than layers: the layers left over
    come last, without an instruction.
    """
    layers = deque((config.get("rootfs") or {}).get("diff_ids") or [])
    found = []
    for record in config.get("history") or []:
        raw = str(record.get("created_by") or "")
        shown = cleaned(raw) or str(record.get("comment") or "")
        if record.get("empty_layer"):
            found.append(Origin(shown, raw, None))
        elif layers:
            found.append(Origin(shown, raw, layers.popleft()))
    found += [Origin("", "", diff_id) for diff_id in layers]
    return tuple(found)


def cleaned(created_by: str) -> str:
    """Give an instruction as one writes it, without what the builders put around it."""
    text = created_by
    if text.endswith(_BUILDKIT):
        text = text.removesuffix(_BUILDKIT).rstrip()
    if _NOP.match(text):
        return _COPIED.sub(r"\1:\2", _NOP.sub("", text)).strip()
    ports = _PORTS.match(text)
    if ports:
        return "EXPOSE " + ports[1].replace(":{}", "")
    return _RUN.sub("RUN ", text).strip()
