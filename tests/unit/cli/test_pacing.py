"""A learner's time is counted from what there is to read, to do and to wait for."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from stagelab.cli.pacing import WORDS_A_MINUTE, pace


def test_everything_counts() -> None:
    notebook = new_notebook(
        cells=[
            new_markdown_cell("**Time** about 25 minutes\n" + "word " * (WORDS_A_MINUTE - 4)),
            new_code_cell("a = 1\n\nb = 2"),
            new_code_cell('p = predict(\n    "which?",\n)\nquiz("03-a")'),
        ]
    )
    found = pace(notebook, waiting=60.0)
    assert (found.code_cells, found.words, found.lines) == (2, WORDS_A_MINUTE, 6)
    assert (found.questions, found.stated) == (2, 25)
    assert found.minutes == pytest.approx((60 + 6 * 4 + 2 * 20 + 2 * 30 + 60) / 60)


def test_a_notebook_without_a_stated_time() -> None:
    assert pace(new_notebook(cells=[new_markdown_cell("Hello")])).stated is None
