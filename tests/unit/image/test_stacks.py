"""Random stacks of layers against a plain model that applies them to a dictionary."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stagelab.image import xray

from .archives import docker_archive, file, folder, hardlink, opaque, symlink, tar, whiteout

if TYPE_CHECKING:
    import tarfile
    from pathlib import Path

NAMES = "abc"


@dataclass(frozen=True)
class Thing:
    kind: str
    data: bytes = b""
    owner: tuple[int, str] = (-1, "")  # layer and first name: what hard links share


@dataclass
class Plan:
    whiteouts: list[str]
    opaques: list[str]
    things: dict[str, Thing]
    links: dict[str, str]


def paths(depth: int = 3) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(NAMES), min_size=1, max_size=depth).map("/".join)


def under(path: str, top: str) -> bool:
    return path.startswith(top + "/")


@st.composite
def plans(draw: st.DrawFn, number: int) -> Plan:
    things: dict[str, Thing] = {}
    links: dict[str, str] = {}
    for _ in range(draw(st.integers(0, 5))):
        path = draw(paths())
        if any(under(path, p) and t.kind != "dir" for p, t in things.items()):
            continue
        if path in things or any(under(p, path) for p in things):
            continue
        kind = draw(st.sampled_from(["file", "file", "file", "dir", "symlink", "link"]))
        originals = [p for p, t in things.items() if t.kind == "file" and p not in links]
        if kind == "link" and originals:
            target = draw(st.sampled_from(originals))
            links[path] = target
            things[path] = things[target]
        elif kind in ("file", "link"):
            data = draw(st.binary(max_size=40))
            things[path] = Thing("file", data, (number, path))
        else:
            things[path] = Thing(kind)
    return Plan(
        draw(st.lists(paths(), max_size=2, unique=True)),
        draw(st.lists(paths(2), max_size=1)),
        things,
        links,
    )


def members(plan: Plan) -> list[tuple[tarfile.TarInfo, bytes]]:
    made = [whiteout(path) for path in plan.whiteouts] + [opaque(path) for path in plan.opaques]
    for path, thing in plan.things.items():
        if path in plan.links:
            made.append(hardlink(path, plan.links[path]))
        elif thing.kind == "file":
            made.append(file(path, thing.data))
        else:
            made.append(folder(path) if thing.kind == "dir" else symlink(path, "/a"))
    return made


def apply(state: dict[str, Thing], plan: Plan) -> None:
    for path in plan.opaques:
        for known in [p for p in state if under(p, path)]:
            del state[known]
    for path in plan.whiteouts:
        for known in [p for p in state if p == path or under(p, path)]:
            del state[known]
    for path, thing in plan.things.items():
        for known in list(state):
            hides = under(path, known) and state[known].kind != "dir"
            if hides or (thing.kind != "dir" and under(known, path)):
                del state[known]
        state[path] = thing


def regular(state: dict[str, Thing]) -> set[str]:
    return {path for path, thing in state.items() if thing.kind == "file"}


def owned(things: dict[str, Thing]) -> int:
    return sum({t.owner: len(t.data) for t in things.values() if t.kind == "file"}.values())


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_a_stack_is_what_the_model_says(tmp_path: Path, data: st.DataObject, seed: int) -> None:
    stack = [data.draw(plans(number)) for number in range(data.draw(st.integers(1, 5)))]
    state: dict[str, Thing] = {}
    effects = []
    for plan in stack:
        before = regular(state)
        apply(state, plan)
        after = regular(state)
        written = {path for path, thing in plan.things.items() if thing.kind == "file"}
        effects.append((len(after - before), len(written & before), len(before - after)))

    archive = tmp_path / "image.tar"
    archive.write_bytes(docker_archive([tar(members(plan)) for plan in stack]))
    seen = xray(archive)

    assert {e.path: e.kind for e in seen.tree} == {f"/{p}": t.kind for p, t in state.items()}
    assert [(x.added, x.changed, x.removed) for x in seen.layers] == effects
    assert [x.size_bytes for x in seen.layers] == [owned(plan.things) for plan in stack]
    assert seen.files == len(regular(state)) == sum(a - r for a, _, r in effects)
    assert seen.merged_bytes == owned(state)
    assert seen.waste.reclaimable_bytes == seen.size_bytes - seen.merged_bytes
    assert seen.waste.reclaimable_bytes == sum(x.size_bytes for x in seen.waste.worst)
    if seen.waste.worst:
        item = random.Random(seed).choice(seen.waste.worst)  # noqa: S311 - no secret
        assert len(seen.read(item.path, layer=item.wrote)) == item.size_bytes
    for path in sorted(regular(state))[:2]:
        assert seen.read(path) == state[path].data
        assert seen.history_of(path)[-1].what != "removed"
