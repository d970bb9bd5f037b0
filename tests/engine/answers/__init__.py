"""Right and wrong answers to every task: a module a lesson, with RIGHT and WRONG."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

BUILDER = """\
FROM golang:1.27 AS builder
WORKDIR /app
COPY . .
RUN go build -o myapp
"""
RUNTIME = """\
FROM alpine:3.22
WORKDIR /app
COPY --from=builder /app/myapp .
ENTRYPOINT ["./myapp"]
"""
LABEL = 'LABEL org.opencontainers.image.title="One"\n'


@dataclass(frozen=True)
class Wrong:
    """A wrong answer: where its first fault is, and the words that tell."""

    answer: str
    phrase: str
    line: int | None


def right() -> dict[str, tuple[str, ...]]:
    """Give the right answers beside the reference, by task."""
    return {task: answers for lesson in _lessons() for task, answers in lesson.RIGHT.items()}


def wrong() -> dict[str, tuple[Wrong, ...]]:
    """Give the wrong answers, by task."""
    return {task: answers for lesson in _lessons() for task, answers in lesson.WRONG.items()}


def _lessons() -> list[ModuleType]:
    names = sorted(module.name for module in iter_modules(__path__))
    return [import_module(f"{__name__}.{name}") for name in names]
