"""Stacks of layers made by the tests, without an archive around them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stagelab.image.layer import scan
from stagelab.image.spans import Swept
from stagelab.image.stack import Stack, stack
from stagelab.image.stream import ByteStream

from . import archives

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Callable, Sequence

    Members = Sequence[tuple[tarfile.TarInfo, bytes]]


def stacked(
    *layers: Members,
    history: Sequence[dict[str, Any]] | None = None,
    architecture: str = "amd64",
    **settings: object,
) -> Stack:
    """Stack layers, the lowest first; settings as in the configuration, `User="app"`."""
    raws = [archives.tar(members) for members in layers]
    config = json.loads(archives.config(raws, history, settings))
    config["architecture"] = architecture
    known = {archives.digest(raw): scan(ByteStream([raw]), _finish(raw)) for raw in raws}
    return stack(config, known)


def _finish(raw: bytes) -> Callable[[], Swept]:
    return lambda: Swept(archives.digest(raw))
