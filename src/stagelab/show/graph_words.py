"""What the graph's pictures say about a stage and an edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.show.style import count, humane_seconds

if TYPE_CHECKING:
    from stagelab.builds.edges import Edge
    from stagelab.builds.graph import StageNode

_LEFT_OUT = "–"  # noqa: RUF001 - a dash is the sign of what was left out
_SYMBOLS = {"ran": "✓", "cached": "⟲", "skipped": _LEFT_OUT}


def symbol(stage: StageNode) -> str:
    """Give the sign of what became of a stage; of one that was not built, whether it is needed."""
    if stage.state is None:
        return "•" if stage.needed else _LEFT_OUT
    return _SYMBOLS[stage.state]


def look(stage: StageNode) -> str:
    """Name the look of a stage: what became of it, or whether it is "waiting" to be built."""
    return stage.state or ("waiting" if stage.needed else "skipped")


def state_words(stage: StageNode) -> str:
    """Say what became of a stage: "ran, 4 steps, 1.2 s", "cached, 2 steps", "skipped"."""
    if stage.state is None:
        return "needed" if stage.needed else "not needed"
    said: list[str] = [stage.state]
    if stage.state != "skipped" and stage.steps:
        said.append(count(stage.steps, "step"))
    if stage.state == "ran" and stage.seconds:
        said.append(humane_seconds(stage.seconds))
    if stage.state != "skipped" and not stage.needed:
        said.append("not needed")
    return ", ".join(said)


def edge_words(edge: Edge) -> str:
    """Say what an edge is: "FROM line 1", "COPY line 12 /app/myapp"."""
    written = f" by index {edge.origin_index}" if edge.written == "index" else ""
    return " ".join([f"{edge.kind}{written}", f"line {edge.line}", *edge.paths])


def reference(image: str, width: int) -> str:
    """Shorten the reference of an image or the name of a stage; of a digest, only a sign stays."""
    name, digest, _ = image.partition("@sha256:")
    return f"{end(name, width - 2)}@…" if digest else end(name, width)


def end(text: str, width: int) -> str:
    """Shorten a reference or a path; its end tells more than its start."""
    return text if len(text) <= width else f"…{text[1 - width :]}"
