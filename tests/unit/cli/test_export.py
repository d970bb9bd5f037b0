"""Pages that notebooks are exported to."""

from __future__ import annotations

from pathlib import Path

from nbformat.v4 import new_code_cell, new_notebook, new_output

from stagelab.builds import stages
from stagelab.cli.notebooks import Executed, export


def test_pictures_have_their_words_and_need_no_network(tmp_path: Path) -> None:
    graph = stages("FROM golang:1.27 AS one\nFROM scratch\nCOPY --from=one /a /\n")
    output = new_output("execute_result", data=graph._repr_mimebundle_(), execution_count=1)
    notebook = new_notebook(cells=[new_code_cell("graph", outputs=[output], execution_count=1)])
    path = tmp_path / "lessons" / "one.ipynb"
    page = export(Executed(path, notebook, 0.0), tmp_path, tmp_path / "html")
    assert page == tmp_path / "html" / "lessons" / "one.html"
    text = page.read_text(encoding="utf-8")
    assert text.count('<img alt="Stages of the Dockerfile: target stage-1 ') == 1
    assert "No description has been provided" not in text
    assert "flowchart LR" not in text, "it would be drawn by a script from elsewhere"
