"""A small course in a temporary folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

ANSWER = """\
%%dockerfile answer
FROM scratch
# BEGIN SOLUTION
COPY main.go /
LABEL org.opencontainers.image.title="One"
LABEL two=three
# STARTER
#> # Copy main.go.
# END SOLUTION
"""
REASONING = "Well.\n<!-- BEGIN SOLUTION -->\nBecause.\n<!-- END SOLUTION -->\n"


def code(text: str, task: str | None = None, **metadata: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "cell_type": "code",
        "id": f"id-{abs(hash(text)) % 10**6}",
        "metadata": metadata | ({"stagelab": {"task": task}} if task else {}),
        "source": text.splitlines(keepends=True),
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["COPY main.go /\n"]}],
        "execution_count": 3,
    }


def markdown(text: str, task: str | None = None) -> dict[str, Any]:
    return {
        "cell_type": "markdown",
        "id": f"id-{abs(hash(text)) % 10**6}",
        "metadata": {"stagelab": {"task": task}} if task else {},
        "source": text,
    }


def notebook(*cells: Mapping[str, Any]) -> dict[str, Any]:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": list(cells),
        "metadata": {"kernelspec": kernel, "widgets": {"state": {"big": "COPY"}}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


Write = Callable[..., Path]


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course's folder, named by STAGELAB_COURSE, with an app and no notebook."""
    app = tmp_path / "sample-apps" / "go-hello"
    app.mkdir(parents=True)
    (app / "main.go").write_text("package main\n")
    (tmp_path / "solutions").mkdir()
    monkeypatch.setenv("STAGELAB_COURSE", str(tmp_path))
    return tmp_path


@pytest.fixture
def write(course: Path) -> Write:
    """Write a solutions' notebook of these cells."""

    def write(*cells: Mapping[str, Any], name: str = "00_setup.ipynb") -> Path:
        path = course / "solutions" / name
        path.write_text(json.dumps(notebook(*cells)), "utf-8")
        return path

    return write
