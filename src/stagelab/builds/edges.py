"""What the stages of a Dockerfile take, and from where.

What a name means is what the builders make of it (tried with both on Docker 20.10, and read in the
"Dockerfile reference"):

- `FROM x` is the last stage of that name above it, else an image. It knows no indexes.
- `COPY --from=x` is the stage of that name or index, else an image. If that is its own stage or a
  later one, BuildKit refuses it; the classic builder looks for an image of that name.
- `RUN --mount=from=x` is the stage of that name, else an image. It knows no indexes.
- Variables are replaced in FROM, by ARGs from before the first FROM. In `--from` they are refused.
- ONBUILD is carried out in the stages that start from its own, before their first instruction.
  What the ONBUILD of a base image adds is not known from the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from stagelab.builds.dockerfile import Dockerfile, Instruction, StageSource
from stagelab.builds.facts import Stage
from stagelab.builds.words import split, unquote

EdgeKind = Literal["FROM", "COPY", "RUN --mount"]
Written = Literal["name", "index", "image", "nothing"]

_INDEX = re.compile(r"[+-]?[0-9]{1,9}")
_VARIABLE = re.compile(r"\$.")
_SCRATCH = "scratch"

_Origin = tuple[str, int | None, Written]


@dataclass(frozen=True, slots=True)
class Edge:
    """One instruction that takes something from elsewhere.

    Attributes:
        origin: What it takes from: the name of a stage, or the reference of an image.
        origin_index: The index of that stage, None for an image.
        stage: The name of the stage that takes.
        stage_index: Its index.
        kind: By which instruction.
        written: How the origin is written: as the "name" or the "index" of a stage, as that of an
            "image", or as "nothing" that the builder would accept.
        line: First line of the instruction, 1-based.
        paths: The paths that are taken, as written; () for all files.
    """

    origin: str
    origin_index: int | None
    stage: str
    stage_index: int
    kind: EdgeKind
    written: Written
    line: int
    paths: tuple[str, ...] = ()


def needed(
    source: Dockerfile, target: StageSource | None = None, *, classic: bool = False
) -> frozenset[int]:
    """Give the indexes of the stages that `target` rests on, itself included.

    BuildKit carries out these. The classic builder carries out every stage up to the target, the
    ones that nothing rests on too.

    Args:
        source: The Dockerfile.
        target: The stage to build, None for the last one.
        classic: Resolve names as the classic builder does.
    """
    wanted = [target.index if target else len(source.stages) - 1] if source.stages else []
    found: set[int] = set()
    while wanted:
        index = wanted.pop()
        if index not in found:
            found.add(index)
            edges = stage_edges(source, source.stages[index], classic=classic)
            wanted += [edge.origin_index for edge in edges if edge.origin_index is not None]
    return frozenset(found)


def base_stage(source: Dockerfile, stage: StageSource | Stage) -> StageSource | None:
    """Give the earlier stage that a stage starts from, None if it starts from an image.

    A stage may itself be named as its image is.
    """
    return _named(source.stages[: stage.index], stage.base)


def chain(source: Dockerfile, stage: StageSource | None) -> tuple[StageSource, ...]:
    """Give a stage, the stage that it starts from, and so on; the last has an image below."""
    found: list[StageSource] = []
    while stage is not None:
        found.append(stage)
        stage = base_stage(source, stage)
    return tuple(found)


def stage_edges(
    source: Dockerfile, stage: StageSource, *, classic: bool = False
) -> tuple[Edge, ...]:
    """Give what one stage takes, in the order in which it does; refused references included.

    Args:
        source: The Dockerfile.
        stage: One of its stages.
        classic: Resolve names as the classic builder does.
    """
    base = base_stage(source, stage)
    edges = []
    instructions = list(stage.instructions)
    if base is not None:
        edges.append(_edge(stage, "FROM", stage.line, (base.name, base.index, "name")))
        instructions[:0] = filter(None, (i.trigger for i in base.instructions))
    elif stage.base and stage.base != _SCRATCH:
        edges.append(_edge(stage, "FROM", stage.line, (stage.base, None, "image")))
    for instruction in instructions:
        for kind, name, paths in _taken(instruction):
            origin = _resolve(source, stage, kind, name, classic=classic)
            if name != _SCRATCH:
                edges.append(_edge(stage, kind, instruction.line, origin, paths))
    return tuple(edges)


def _edge(
    stage: StageSource, kind: EdgeKind, line: int, origin: _Origin, paths: tuple[str, ...] = ()
) -> Edge:
    name, index, written = origin
    return Edge(name, index, stage.name, stage.index, kind, written, line, paths)


def _taken(instruction: Instruction) -> Iterator[tuple[EdgeKind, str, tuple[str, ...]]]:
    """Tell what an instruction takes: by what, from where, and which paths."""
    if instruction.keyword == "COPY" and (origin := instruction.flag("from")):
        yield "COPY", origin, _sources(instruction.arguments)
    for mount in instruction.mounts:
        if mount.get("from") and mount.get("type") != "tmpfs":
            path = mount.get("source") or mount.get("src") or "/"
            yield "RUN --mount", mount["from"], () if path == "/" else (path,)


def _sources(arguments: str) -> tuple[str, ...]:
    """Give the paths of a COPY, in its JSON form too: all its words but the last."""
    try:
        words = json.loads(arguments)
    except ValueError:
        words = [unquote(word) for word in split(arguments)]
    return tuple(map(str, words[:-1])) if isinstance(words, list) else ()


def _resolve(
    source: Dockerfile, stage: StageSource, kind: EdgeKind, name: str, *, classic: bool
) -> _Origin:
    if _VARIABLE.search(name):
        return name, None, "nothing"
    if kind == "COPY" and _INDEX.fullmatch(name):
        index = int(name)
        if not 0 <= index < stage.index:
            return name, None, "nothing"
        return source.stages[index].name, index, "index"
    # The classic builder knows the stages that it has built, BuildKit all of the file.
    found = _named(source.stages[: stage.index] if classic else source.stages, name)
    if found is None:
        return name, None, "image"
    if found.index >= stage.index:
        return name, None, "nothing"
    return found.name, found.index, "name"


def _named(stages: Sequence[StageSource], name: str) -> StageSource | None:
    """Find the last of some stages with a name."""
    wanted = name.lower()
    return next((s for s in reversed(stages) if s.named and s.name == wanted), None)
