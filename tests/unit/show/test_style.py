from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.show import style


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999.7, "1 kB"),
        (1200, "1.2 kB"),
        (1_220_598, "1.22 MB"),
        (11_400_000, "11.4 MB"),
        (812_400_000, "812 MB"),
        (999_600_000, "1 GB"),
        (5e12, "5 TB"),
        (5e15, "5000 TB"),
        (-1200, "-1.2 kB"),
    ],
)
def test_bytes(count: float, shown: str) -> None:
    assert style.humane_bytes(count) == shown


@given(st.integers(0, 10**15))
def test_bytes_are_within_half_a_percent(count: int) -> None:
    number, unit = style.humane_bytes(count).split()
    factor = 1000 ** ("B", "kB", "MB", "GB", "TB").index(unit)
    assert float(number) * factor == pytest.approx(count, rel=0.00501)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 ms"),
        (0.03, "30 ms"),
        (0.9997, "1.0 s"),
        (1.23, "1.2 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3720, "1 h 2 min"),
    ],
)
def test_seconds(seconds: float, shown: str) -> None:
    assert style.humane_seconds(seconds) == shown


@pytest.mark.parametrize(
    ("factor", "shown"),
    [(1, "1x"), (1.333, "1.33x"), (71.2, "71.2x"), (1392.2, "1,392x"), (float("inf"), "∞")],
)
def test_factors(factor: float, shown: str) -> None:
    assert style.humane_factor(factor) == shown


def test_counts() -> None:
    assert style.count(1, "layer") == "1 layer"
    assert style.count(27114, "file") == "27,114 files"


def test_escape_leaves_html_alone_and_nothing_else() -> None:
    assert style.escape('<a href="x">') == "&lt;a href=&quot;x&quot;&gt;"
    assert style.escape(style.escape("<")) == "&lt;"
    cell = style.table(["<h>"], [["<td>"], [style.code("<c>")]], caption="<t>")
    for raw in ("<h>", "<c>", "<t>"):
        assert raw not in cell


@pytest.mark.parametrize("kind", ["ok", "bad", "warn", "info"])
def test_a_badge_is_told_by_more_than_colour(kind: style.BadgeKind) -> None:
    signs = {"ok": "✓", "bad": "✗", "warn": "!", "info": "i"}
    assert f"<b>{signs[kind]}</b>&nbsp;word" in style.badge("word", kind)
    assert style.text_badge("word", kind) == f"{signs[kind]} word"


def test_palette_has_contrast_on_white_and_on_black() -> None:
    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for name, colour in style.PALETTE.items():
        assert 1.05 / (light(colour) + 0.05) >= 3, name
        assert (light(colour) + 0.05) / (light("#111111") + 0.05) >= 3, name


def test_text_table_lines_up() -> None:
    text = style.text_table(["name", "n"], [["a", 1], ["bcdef", 22]], align="lr")
    assert text.splitlines() == ["name    n", "─────  ──", "a       1", "bcdef  22"]


def test_bars_and_clipping() -> None:
    assert style.text_bar(0.5, 4) == "██  "
    assert style.text_bar(2, 4) == "████"
    assert style.text_bar(-1, 4) == "    "
    assert "width:50.0%" in style.bar(0.5)
    assert style.clip("a  b\nc", 9) == "a b c"
    assert style.clip("abcdef", 4) == "abc…"
