"""The grammar of Dockerfiles, as the Dockerfile reference has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelab.builds.dockerfile import Dockerfile, automatic_args, expand, parse
from tests.unit.builds.corpus import CASES, Case, line_facts


def spans(text: str) -> list[tuple[str, int, int]]:
    return [(i.keyword, i.line, i.end_line) for i in parse(text).instructions]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_the_lines_of_each_instruction(case: Case) -> None:
    assert line_facts(parse(case.text)) == case.lines


def test_stages_with_their_names_bases_and_lines() -> None:
    file = parse(
        "# two stages\nFROM golang:1.27 AS Builder\nWORKDIR /app\n\nFROM alpine:3.22\n"
        "COPY --from=builder /app/x .\n"
    )
    builder, last = file.stages
    assert (builder.name, builder.named, builder.index) == ("builder", True, 0)
    assert (builder.base, builder.line) == ("golang:1.27", 2)
    assert [str(i) for i in builder.instructions] == ["FROM golang:1.27 AS Builder", "WORKDIR /app"]
    assert (last.name, last.named, last.base, last.line) == ("stage-1", False, "alpine:3.22", 5)


def test_a_stage_is_found_by_name_in_any_case_and_by_index() -> None:
    file = parse("FROM a AS one\nFROM b\n")
    assert file.stage("ONE") is file.stage("0") is file.stages[0]
    assert file.stage("1") is file.stages[1]
    assert file.stage("stage-1") is None, "the builders know no such name"
    assert file.stage("") is None


def test_keywords_in_lower_case_and_behind_tabs() -> None:
    file = parse('from alpine as x\n\trun\techo a\nCmd ["a"]\n')
    assert [(i.keyword, i.value) for i in file.instructions] == [
        ("FROM", "alpine as x"),
        ("RUN", "echo a"),
        ("CMD", '["a"]'),
    ]
    assert file.stages[0].name == "x"


def test_platform_flag_is_not_the_base() -> None:
    (stage,) = parse("FROM --platform=linux/amd64 golang:1.27 AS build\n").stages
    assert (stage.base, stage.name) == ("golang:1.27", "build")
    assert stage.instructions[0].flag("platform") == "linux/amd64"
    assert stage.instructions[0].arguments == "golang:1.27 AS build"


def test_flags_stand_before_the_arguments_only() -> None:
    copy = parse("FROM a\nCOPY --link --from=b --chown=1:2 /x --from=c /y\n").instructions[1]
    assert copy.flags == (("link", ""), ("from", "b"), ("chown", "1:2"))
    assert copy.arguments == "/x --from=c /y"
    assert copy.flag("mount") is None


def test_flags_with_quotes_and_escapes() -> None:
    line = r"""RUN --mount=type=bind,"source=/a b",target=/m --x='c d' --y=e\ f make --z"""
    run = parse(f"FROM a\n{line}\n").instructions[1]
    flags = (("mount", "type=bind,source=/a b,target=/m"), ("x", "c d"), ("y", "e f"))
    assert run.flags == flags
    assert run.arguments == "make --z"
    assert run.mounts == ({"type": "bind", "source": "/a b", "target": "/m"},)


def test_two_dashes_alone_are_no_flag() -> None:
    run = parse("FROM a\nRUN --x -- --y\n").instructions[1]
    assert (run.flags, run.arguments) == ((("x", ""),), "-- --y")


def test_an_instruction_of_flags_only() -> None:
    run = parse("FROM a\nRUN --x=1 --y\n").instructions[1]
    assert (run.flags, run.arguments) == ((("x", "1"), ("y", "")), "")


def test_what_an_onbuild_keeps() -> None:
    on, run = parse("FROM a\nONBUILD copy --from=b /c \\\n /d\nRUN x\n").instructions[1:]
    assert on.origins == ()
    assert on.trigger is not None
    assert (on.trigger.keyword, on.trigger.origins) == ("COPY", ("b",))
    assert (on.trigger.line, on.trigger.end_line) == (2, 3)
    assert run.trigger is None


def test_origins_of_copy_and_of_mounts() -> None:
    run = parse(
        "FROM a\nRUN --mount=type=bind,from=one,target=/x --mount=from=two,target=/y "
        "--mount=type=cache,target=/from=z make\nCOPY --from=three /a /b\n"
    )
    assert run.instructions[1].origins == ("one", "two")
    assert run.instructions[2].origins == ("three",)
    assert run.instructions[0].origins == ()


def test_a_continued_instruction_has_its_first_and_last_line() -> None:
    assert spans("FROM a\nRUN b \\\n  && c \\   \n  && d\nCMD e\n") == [
        ("FROM", 1, 1),
        ("RUN", 2, 4),
        ("CMD", 5, 5),
    ]


def test_comments_and_blank_lines_do_not_end_a_continued_instruction() -> None:
    text = "FROM a\nRUN b \\\n# why\n\n   # and more\n   && c \\\n\n   && d\nCMD e\n"
    run = parse(text).instructions[1]
    assert run.value.split() == ["b", "&&", "c", "&&", "d"]
    assert (run.line, run.end_line) == (2, 8)


def test_a_hash_in_a_line_is_no_comment() -> None:
    assert parse("FROM a\nRUN echo a # b\n").instructions[1].value == "echo a # b"


def test_an_escaped_escape_character_continues_nothing() -> None:
    assert spans("FROM a\nRUN echo b\\\\\nRUN c\n") == [
        ("FROM", 1, 1),
        ("RUN", 2, 2),
        ("RUN", 3, 3),
    ]


def test_a_file_that_ends_in_a_continuation() -> None:
    run = parse("FROM a\nRUN b \\").instructions[1]
    assert (run.value, run.line, run.end_line) == ("b", 2, 2)
    assert parse("FROM a\nRUN b \\\n# c\n").instructions[1].value == "b"


def test_escape_directive() -> None:
    file = parse("# syntax = docker/dockerfile:1\n#  ESCAPE=`\nFROM a\nRUN b `\n  c\\\nCMD d\n")
    assert [i.value for i in file.instructions] == ["a", "b   c\\", "d"]


@pytest.mark.parametrize(
    "before",
    ["# a comment\n", "\n", "FROM z\n", "# unknown=directive\n"],
    ids=["comment", "blank line", "instruction", "unknown directive"],
)
def test_escape_is_no_directive_behind_anything_else(before: str) -> None:
    file = parse(before + "# escape=`\nFROM a\nRUN b `\nRUN c \\\n d\n")
    assert [i.value for i in file.instructions][-2:] == ["b `", "c  d"]


def test_a_heredoc_belongs_to_its_instruction() -> None:
    text = "FROM a\nRUN <<EOF\nFROM b\n# no comment\nRUN c \\\nEOF\nCMD d\n"
    assert spans(text) == [("FROM", 1, 1), ("RUN", 2, 6), ("CMD", 7, 7)]
    assert len(parse(text).stages) == 1


@pytest.mark.parametrize("word", ["EOF", "'EOF'", '"EOF"', "-EOF", "-'EOF'"])
def test_heredocs_in_every_spelling(word: str) -> None:
    end = "\tEOF" if word.startswith("-") else "EOF"
    text = f"FROM a\nCOPY <<{word} /x\nRUN b\n EOF\n{end}\nCMD d\n"
    assert spans(text) == [("FROM", 1, 1), ("COPY", 2, 5), ("CMD", 6, 6)]


def test_a_heredoc_that_nothing_ends_is_none() -> None:
    text = "FROM a\nRUN echo $((1 << x))\nRUN <<-EOF\nRUN <<one <<two\none\nCMD d\n"
    assert spans(text)[1:] == [("RUN", 2, 2), ("RUN", 3, 3), ("RUN", 4, 5), ("CMD", 6, 6)]


def test_a_quote_that_nothing_closes_opens_no_heredoc() -> None:
    assert len(spans("FROM a\nRUN echo it's <<EOF\nEOF\n")) == 3


@pytest.mark.parametrize(
    "line",
    [
        r"RUN cat <<E\OF",
        "RUN cat <<'E'OF",
        "RUN cat << EOF",
        "RUN <<EOF cat",
        "ONBUILD RUN <<EOF",
        "onbuild copy <<EOF /x",
        "ADD <<EOF /x",
        "RUN --mount=type=cache,target=/x <<EOF",
    ],
)
def test_what_is_a_heredoc_all_the_same(line: str) -> None:
    assert spans(f"FROM a\n{line}\nFROM b\nEOF\nCMD c\n")[1:] == [
        (line.split(maxsplit=1)[0].upper(), 2, 4),
        ("CMD", 5, 5),
    ]


def test_only_the_dash_lets_tabs_stand_before_the_end() -> None:
    assert spans("FROM a\nRUN <<EOF\n\tEOF\nEOF\nCMD d\n")[1] == ("RUN", 2, 4)


def test_several_heredocs_in_one_instruction() -> None:
    text = "FROM a\nCOPY <<one <<two /x/\n1\ntwo\none\n2\ntwo\nRUN 3<<-end cat\n\tend\nCMD d\n"
    assert spans(text) == [("FROM", 1, 1), ("COPY", 2, 7), ("RUN", 8, 9), ("CMD", 10, 10)]


def test_a_heredoc_after_a_continuation() -> None:
    assert spans("FROM a\nRUN b && \\\n  cat <<EOF\nx\nEOF\nCMD d\n")[1:] == [
        ("RUN", 2, 5),
        ("CMD", 6, 6),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "RUN echo $((1<<x))",
        "RUN echo 'a <<EOF b'",
        'RUN cat <<<"EOF"',
        "RUN a<<EOF",
        "CMD cat <<EOF",
    ],
)
def test_what_only_looks_like_a_heredoc(line: str) -> None:
    assert len(spans(f"FROM a\n{line}\nRUN b\nEOF\n")) == 4


def test_crlf_and_byte_order_mark() -> None:
    file = parse(
        "\ufeff# escape=`\r\nFROM a AS b\r\nRUN c `\r\n  d\r\n\r\nRUN <<EOF\r\nx\r\nEOF\r\n"
    )
    assert [(i.keyword, i.value, i.line, i.end_line) for i in file.instructions] == [
        ("FROM", "a AS b", 2, 2),
        ("RUN", "c   d", 3, 4),
        ("RUN", "<<EOF", 6, 8),
    ]


def test_only_line_feeds_end_lines() -> None:
    assert spans("FROM a\nRUN echo '\x0c\x85\u2028'\nCMD b\n")[-1] == ("CMD", 3, 3)


def test_args_before_the_first_from() -> None:
    text = "ARG GO=1.27\nARG BASE=\"golang:${GO}\" FLAVOUR='$GO'\nFROM $BASE\n"
    text += "FROM a-$FLAVOUR\nARG GO=2\n"
    file = parse(text)
    assert [i.keyword for i in file.preamble] == ["ARG", "ARG"]
    assert [stage.base for stage in file.stages] == ["golang:1.27", "a-$GO"]
    assert file.args == {"GO": "1.27", "BASE": "golang:1.27", "FLAVOUR": "$GO"}


def test_build_arguments_go_before_defaults_and_need_an_arg() -> None:
    text = "ARG GO=1.27\nARG SUITE\nFROM golang:$GO-${SUITE:-trixie}-$OTHER\n"
    given_values = {"GO": "1.26", "OTHER": "x"}
    assert parse(text, given_values).stages[0].base == "golang:1.26-trixie-"
    assert parse(text, {"SUITE": "sid"}).stages[0].base == "golang:1.27-sid-"


def test_an_arg_with_blanks_in_its_value() -> None:
    assert parse('ARG A="b c" D=e\nFROM x\n').args == {"A": "b c", "D": "e"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A", "a"),
        ("${A}b", "ab"),
        ("${A:-x}", "a"),
        ("${NONE:-x}", "x"),
        ("${NONE:-${A}}", "a"),
        ("${EMPTY:-x}", "x"),
        ("${EMPTY-x}", ""),
        ("${NONE-x}", "x"),
        ("${A:+x}", "x"),
        ("${EMPTY:+x}", ""),
        ("${EMPTY+x}", "x"),
        ("${NONE:+x}", ""),
        (r"\$A", "$A"),
        ("$NONE", ""),
        ("5$", "5$"),
        ("${A?none}", "a"),
        ("${A:?none}", "a"),
        ("'$A'", "$A"),
        ('"$A"', "a"),
        ("'a b'\"c d\"e", "a bc de"),
        (r'"\$A \" \\ \n"', r'$A " \ \n'),
        (r"a\ b\\", "a b\\"),
        ("a\\", "a"),
        ("$A$A", "aa"),
        ("$A-$A", "a-a"),
        ("$1x$@y", "xy"),
        ("${NONE:-'a b'}", "a b"),
        ("${A:+${A}${A}}", "aa"),
        ("${V#*.}", "2.3"),
        ("${V##*.}", "3"),
        ("${V%.*}", "v1.2"),
        ("${V%%.*}", "v1"),
        ("${V#v}", "1.2.3"),
        ("${V#x}", "v1.2.3"),
        ("${V%?}", "v1.2."),
        (r"${V%\?}", "v1.2.3"),
        ("${V/./-}", "v1-2.3"),
        ("${V//./-}", "v1-2-3"),
        ("${V//./}", "v123"),
        (r"${S//\//-}", "a-b*c"),
        (r"${S%\*c}", "a/b"),
        ("${NONE#a}", ""),
    ],
)
def test_expansion(text: str, expected: str) -> None:
    assert expand(text, {"A": "a", "EMPTY": "", "V": "v1.2.3", "S": "a/b*c"}) == expected


@pytest.mark.parametrize(
    "text",
    ["'a", '"a', "${A", "${", "${}", "${:-a}", "${A!b}", "${A/b}", "${NONE?why}", "${EMPTY:?why}"],
)
def test_what_the_builders_refuse_to_expand_stays(text: str) -> None:
    assert expand(text, {"A": "a", "EMPTY": ""}) == text


def test_expansion_with_another_escape_character() -> None:
    assert expand(r"`$A\$A", {"A": "a"}, "`") == r"$A\a"


def test_expansion_as_deep_as_anyone_likes() -> None:
    text = "${A:-" * 5000 + "}" * 5000
    assert expand(text, {}) == text


@given(st.text(alphabet="${}:-+#%/?'\"\\aA ", max_size=30))
def test_any_text_expands(text: str) -> None:
    assert isinstance(expand(text, {"a": "A", "A": "aa"}), str)


def test_args_that_the_builder_sets_by_itself() -> None:
    automatic = automatic_args("linux/arm/v7")
    assert automatic["BUILDPLATFORM"] == automatic["TARGETPLATFORM"] == "linux/arm/v7"
    assert [automatic[f"TARGET{part}"] for part in ("OS", "ARCH", "VARIANT")] == [
        "linux",
        "arm",
        "v7",
    ]
    text = "ARG TARGETOS\nFROM x-$TARGETOS-$TARGETARCH\n"
    assert parse(text, None, automatic).stages[0].base == "x-linux-arm"
    assert parse(text, {"TARGETARCH": "s"}, automatic).stages[0].base == "x-linux-s"
    assert parse(text).stages[0].base == "x--"


def test_an_arg_without_a_value_leaves_an_earlier_one_as_it_is() -> None:
    assert parse("ARG A=1\nARG A\nFROM x$A\n").stages[0].base == "x1"


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\n" + "RUN b \\\n" * 20_000 + " c\n",
        "FROM a\nRUN " + "--a " * 50_000 + "\n",
        "FROM a\n" + "RUN echo $((1 << x))\n" * 3_000,
        "FROM a\nRUN " + "<<a " * 20_000 + "\n",
        *("ARG A=" + piece * 50_000 + "\nFROM $A\n" for piece in ('"', "'", "\\", "${", "$A")),
    ],
    ids=["continued", "flags", "shifts", "heredocs", "double", "single", "escape", "open", "name"],
)
def test_long_texts(text: str) -> None:
    """Whatever takes more than linear time here would not end."""
    assert len(parse(text).stages) == 1


def test_a_text_without_from_has_no_stages() -> None:
    assert parse("") == Dockerfile(stages=(), preamble=(), args={})
    assert parse("RUN a\n").stages == ()


def test_a_from_without_a_base() -> None:
    assert parse("FROM\n").stages[0].base == ""


WORDS = st.sampled_from(
    [
        "FROM a",
        "RUN b",
        "COPY c d",
        "\n",
        "\\",
        "\\\n",
        "#",
        "<<EOF",
        "EOF",
        " ",
        "\t",
        "\r",
        "AS x",
        "`",
    ]
)


@given(st.one_of(st.text(), st.lists(WORDS).map("".join)))
def test_any_text_parses_with_lines_in_order(text: str) -> None:
    last = 0
    for instruction in parse(text).instructions:
        assert last < instruction.line <= instruction.end_line <= text.count("\n") + 1
        last = instruction.end_line


BODY = st.lists(st.sampled_from(["RUN a", "COPY b c", "WORKDIR /d", "# e", ""]), max_size=6)


@given(st.lists(BODY, min_size=1, max_size=4))
def test_every_instruction_is_where_the_file_has_it(stages: list[list[str]]) -> None:
    lines = [line for body in stages for line in ("FROM x", *body)]
    file = parse("\n".join(lines))
    assert len(file.stages) == len(stages)
    for instruction in file.instructions:
        assert lines[instruction.line - 1] == str(instruction)
    wanted = [n for n, line in enumerate(lines, 1) if line and not line.startswith("#")]
    assert [i.line for i in file.instructions] == wanted
