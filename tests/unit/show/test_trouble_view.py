"""The box of an error and its plain text twin."""

from __future__ import annotations

from html.parser import HTMLParser

from stagelab.show.trouble import view
from stagelab.show.trouble.facts import Section, Trouble, original

VOID = {"br", "hr", "img"}


class Reader(HTMLParser):
    """Collects elements and text, and sees that each element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.first: dict[str, str | None] = {}
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.tags:
            self.first = dict(attrs)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(trouble: Trouble) -> Reader:
    reader = Reader()
    reader.feed(view.html(trouble))
    reader.close()
    assert reader.open == []
    return reader


def test_the_box_says_what_the_twin_says() -> None:
    trouble = Trouble(
        "The engine", "Gone", "It `went`.", "Start it.", ("In the cell: line 1",), original("words")
    )
    reader = read(trouble)
    assert reader.first["class"] == "stagelab-trouble"
    assert reader.first["role"] == "alert"
    for said in ("The engine", "Gone", "went", "Start it.", "In the cell: line 1", "words"):
        assert said in reader.text
        assert said in view.text(trouble)
    assert "✗" in reader.text, "colour is not the only sign"


def test_whatever_it_says_is_no_markup_and_no_command() -> None:
    link = "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"
    evil = f"<script>alert(1)</script> & \x1b[31mred\x1b[0m {link} \u202eabc"
    trouble = Trouble(
        evil, evil, evil, evil, (evil,), (Section(evil, evil), Section(evil, evil, folded=True))
    )
    reader = read(trouble)
    assert "script" not in reader.tags
    assert "<script>alert(1)</script> & red link \ufffdabc" in reader.text
    for shown in (view.html(trouble), view.text(trouble)):
        assert "\x1b" not in shown
        assert "\u202e" not in shown


def test_long_words_lose_their_middle() -> None:
    words = "\n".join(f"line {n}" for n in range(5000)) + "\n" + "x" * 100_000 + "the end"
    trouble = Trouble("A", "B", "c", "d", sections=original(words))
    text = view.text(trouble).splitlines()
    assert len(text) == 4 + 24
    assert text[4] == "    line 0"
    assert text[-1].endswith("the end")
    assert sum("left out" in line for line in text) == 1
    assert len(view.html(trouble)) < 50_000
    assert "max-height" in view.html(trouble)


def test_what_is_folded_is_there_and_short_in_the_twin() -> None:
    section = Section("Python's traceback", "long\nlonger", folded=True, short="short")
    trouble = Trouble("A", "B", "c", "d", sections=(section,))
    assert {"details", "summary"} <= set(read(trouble).tags)
    assert "longer" in view.html(trouble)
    assert view.text(trouble).endswith("Python's traceback:\n    short")


def test_no_words_no_section() -> None:
    assert original("  ") == ()
    assert original(b"caf\xe9")[0].text == "caf\ufffd"
