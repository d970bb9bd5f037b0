"""`.dockerignore`, as Docker's build documentation describes it."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagelab.builds.ignore import IgnoreRules
from stagelab.builds.loading import load
from stagelab.errors import ContextError


@pytest.mark.parametrize(
    ("pattern", "left_out", "kept"),
    [
        # a pattern is anchored at the root, and a folder takes along what is in it
        ("temp", ["temp", "temp/a", "temp/a/b"], ["a/temp", "temporary", "atemp"]),
        ("a/b", ["a/b", "a/b/c"], ["a", "a/c", "x/a/b"]),
        ("*/temp*", ["a/temp", "a/temporary.txt", "a/temp/b"], ["temp", "a/b/temp"]),
        ("*/*/temp*", ["a/b/temporary"], ["temp", "a/temp", "a/b/c/temp"]),
        ("temp?", ["tempa", "temp1/x"], ["temp", "temp/", "tempab"]),
        ("*.md", ["README.md", ".md"], ["a/README.md", "READMEmd"]),
        ("*", ["a", ".a", "a/b"], []),
        # "**" spans any number of folders, none included
        ("**/*.go", ["a.go", "a/b.go", "a/b/c.go", "a.go/b"], ["a.got", "a/go"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a", "b", "xa/b"]),
        ("a/**", ["a/b", "a/b/c"], ["b/a"]),
        ("**", ["a", "a/b"], []),
        ("**/a", ["a", "x/a", "x/y/a/z"], ["xa", "ab"]),
        ("a**b", ["ab", "ax/b"], ["b", "a"]),
        # what a path may begin and end with
        ("/foo/bar", ["foo/bar", "foo/bar/x"], ["x/foo/bar"]),
        ("foo/bar/", ["foo/bar", "foo/bar/x"], ["foo"]),
        ("./foo", ["foo"], ["x/foo"]),
        ("//foo", ["foo"], []),
        ("a/../foo", ["foo"], ["a"]),
        ("../foo", [], ["foo"]),
        ("  foo  ", ["foo"], []),
        # "." stands for nothing, for historical reasons
        (".", [], ["a", "."]),
        ("/", [], ["a"]),
        # classes and escapes of Go's filepath.Match
        ("[a-c]x", ["ax", "bx", "cx/y"], ["dx", "-x", "x"]),
        ("[^a-c]x", ["dx", "^x"], ["ax"]),
        ("[!a]x", ["!x", "ax"], ["bx"]),
        ("[ab\\-]x", ["ax", "-x"], ["cx"]),
        ("[\\]]x", ["]x"], ["\\x", "x"]),
        ("[[a]x", ["[x", "ax"], ["bx"]),
        ("[&&~|]x", ["&x", "~x", "|x"], ["ax"]),
        ("[\\d]x", ["dx"], ["1x"]),
        ("\\*x", ["*x"], ["ax"]),
        ("\\!x", ["!x"], ["x"]),
        ("a]", ["a]"], ["a"]),
        # what has a meaning in regular expressions only
        ("a.b+(c)$|{2}", ["a.b+(c)$|{2}"], ["aXb+(c)$|{2}", "a"]),
        ("ä?", ["äö"], ["ä"]),
        # comments begin in the first column
        ("#a", [], ["#a", "a"]),
        (" #a", ["#a"], ["a"]),
        ("\\#a", ["#a"], ["a"]),
    ],
)
def test_one_pattern(pattern: str, left_out: list[str], kept: list[str]) -> None:
    rules = IgnoreRules(pattern)
    assert [path for path in left_out if not rules.ignores(path)] == []
    assert [path for path in kept if rules.ignores(path)] == []


def test_the_last_line_that_matches_wins() -> None:
    rules = IgnoreRules("*.md\n!README*.md\nREADME-secret.md\n")
    assert rules.ignores("a.md")
    assert not rules.ignores("README.md")
    assert rules.ignores("README-secret.md")
    rules = IgnoreRules("*.md\nREADME-secret.md\n!README*.md\n")
    assert not rules.ignores("README-secret.md")


def test_a_file_is_taken_back_in_from_an_ignored_folder() -> None:
    rules = IgnoreRules("docs\n! /docs/keep\n")
    assert rules.ignores("docs")
    assert rules.ignores("docs/x")
    assert not rules.ignores("docs/keep")
    assert not rules.ignores("docs/keep/deep/down")


def test_everything_but() -> None:
    rules = IgnoreRules("**\n!src\n!go.*\nsrc/**/*_test.go\n")
    kept = [p for p in ("src", "src/a.go", "go.mod", "x/go.mod") if not rules.ignores(p)]
    assert kept == ["src", "src/a.go", "go.mod"]
    assert rules.ignores("src/a/b_test.go")


def test_blank_lines_comments_crlf_and_byte_order_mark() -> None:
    rules = IgnoreRules("\ufeff# one\r\n\r\n   \na\r\n!b\r\n")
    assert [(p.text, p.includes) for p in rules.patterns] == [("a", False), ("b", True)]


def test_a_byte_order_mark_does_not_hide_the_first_pattern() -> None:
    assert IgnoreRules("\ufeffa\n").ignores("a")


def test_an_empty_file_ignores_nothing() -> None:
    assert not IgnoreRules("").ignores("a")


@pytest.mark.parametrize(
    "pattern", ["[a", "a[]", "[]a]", "[a-]x", "[-a]", "[z-a]", "a\\", "!", "! ", "[^]"]
)
def test_a_malformed_pattern_is_an_error_that_names_its_line(pattern: str) -> None:
    with pytest.raises(ContextError) as caught:
        IgnoreRules(f"ok\n{pattern}\n")
    assert "Line 2 of .dockerignore" in caught.value.cause
    assert pattern.strip() in caught.value.detail


@pytest.mark.parametrize(
    ("keep", "folder", "walked"),
    [
        ("docs/keep", "docs", True),
        ("docs/keep", "docs/keep/below", True),
        ("docs/keep", "other", False),
        ("docs/keep", "docs/other", False),
        ("d*/keep", "docs", True),
        ("d*/keep", "other", False),
        ("**/keep", "other/deep", True),
        ("[a/b]c/keep", "docs", True),
        ("a\\/b", "docs", True),
    ],
)
def test_which_ignored_folders_are_walked(keep: str, folder: str, walked: bool) -> None:
    assert IgnoreRules(f"*\n!{keep}\n").may_keep_below(folder) is walked


PIECES = st.sampled_from(
    [
        "a",
        "b",
        "ab",
        "*",
        "**",
        "?",
        "/",
        "/",
        "[ab]",
        "[^a]",
        "[a",
        "\\",
        "!",
        "#",
        ".",
        "..",
        " ",
        "ä",
    ]
)
PATTERN = st.one_of(st.lists(PIECES, max_size=7).map("".join), st.text(max_size=8))
TEXT = st.lists(PATTERN, max_size=5).map("\n".join)
NAME = st.sampled_from(["a", "b", "ab", "c", "ä", "[a", "*", "."])
PATH = st.lists(NAME, min_size=1, max_size=4).map("/".join)


@given(TEXT, PATH)
def test_any_text_gives_rules_or_a_context_error(text: str, path: str) -> None:
    with contextlib.suppress(ContextError):
        rules = IgnoreRules(text)
        rules.ignores(path)
        rules.may_keep_below(path)


@given(TEXT, PATH, PATH)
def test_no_folder_is_passed_over_that_holds_a_kept_file(text: str, folder: str, file: str) -> None:
    try:
        rules = IgnoreRules(text)
    except ContextError:
        return
    if rules.ignores(folder) and not rules.ignores(f"{folder}/{file}"):
        assert rules.may_keep_below(folder)


LINE = st.lists(st.sampled_from(["a", "b", "*", "**", "/", "[ab]", "?"]), min_size=1, max_size=5)
RULES = st.lists(
    st.tuples(st.sampled_from(["", "", "!"]), LINE.map("".join)).map("".join), max_size=4
)
TREE = st.sets(st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join), max_size=8)


@settings(max_examples=60)
@given(RULES, TREE)
def test_the_walk_finds_what_a_filter_of_everything_finds(
    lines: list[str], paths: set[str]
) -> None:
    rules = IgnoreRules("\n".join(lines))
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        for path in sorted(paths, key=len, reverse=True):  # a longer path makes folders of shorter
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            if not (root / path).is_dir():
                (root / path).touch()
        everything = list(root.rglob("*"))
        kept = {
            path.relative_to(root).as_posix()
            for path in everything
            if not rules.ignores(path.relative_to(root).as_posix())
        }
        # a kept file's folders are there, ignored or not
        kept |= {p.as_posix() for k in kept for p in Path(k).parents if p.as_posix() != "."}
        (root / ".dockerignore").write_text("\n".join([*lines, ".dockerignore"]))
        found = [entry.path for entry in load(root, "FROM scratch\n").entries]
    assert set(found) == kept
    assert len(found) == len(kept)
