"""An image's configuration as its engine tells it, without reading the image.

`GET /images/{name}/json` has everything but which instructions of the history made no layer, and
`GET /images/{name}/history` has only their sizes. A size above zero is a layer; of the others those
are that change files by their nature. If that does not give as many as there are layers, the
history is ambiguous and the image must be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stagelab.image.history import cleaned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker.models.images import Image

_WRITING = {"ADD", "COPY", "RUN", "WORKDIR"}


def configuration(image: Image) -> dict[str, Any] | None:
    """Give the image configuration (OCI image specification) of an engine's image.

    Args:
        image: The SDK's image.

    Returns:
        The parts that an x-ray needs; None if the history is ambiguous.
    """
    diff_ids = list((image.attrs.get("RootFS") or {}).get("Layers") or [])
    told = list(reversed(image.history()))
    layered = [_makes_layer(record) for record in told]
    if sum(layered) != len(diff_ids):
        return None
    return {
        "architecture": image.attrs.get("Architecture") or "",
        "os": image.attrs.get("Os") or "",
        "config": image.attrs.get("Config") or {},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [
            {
                "created_by": record.get("CreatedBy") or "",
                "comment": record.get("Comment") or "",
                "empty_layer": not layer,
            }
            for record, layer in zip(told, layered, strict=True)
        ],
    }


def _makes_layer(record: Mapping[str, Any]) -> bool:
    if record.get("Size"):
        return True
    return cleaned(str(record.get("CreatedBy") or "")).partition(" ")[0] in _WRITING
