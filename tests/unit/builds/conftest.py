"""Streams of real builds, as an engine sent them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stagelab.builds.dockerfile import Dockerfile, parse

STREAMS = Path(__file__).parents[2] / "data" / "streams"


@dataclass(frozen=True)
class Stream:
    """One captured stream, with what was built."""

    text: str
    source: Dockerfile
    target: str | None
    lines: tuple[dict[str, Any], ...]

    @property
    def error(self) -> str:
        """The stream's top-level error, "" if there is none."""
        return next((str(line["error"]) for line in self.lines if "error" in line), "")

    def line_of(self, instruction: str) -> int:
        """The only line of the Dockerfile that holds this text."""
        (found,) = [n for n, line in enumerate(self.text.splitlines(), 1) if instruction in line]
        return found


@pytest.fixture
def stream() -> Callable[[str], Stream]:
    """Reads a stream of tests/data/streams."""

    def read(name: str) -> Stream:
        head, *lines = map(json.loads, (STREAMS / f"{name}.jsonl").read_text().splitlines())
        text = head["dockerfile"]
        return Stream(text, parse(text), head["target"], tuple(lines))

    return read
