"""`bench`: its words, the mathematics and the layout of its report. Nothing is timed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import bench_build, docker_cli
from benchmarks.measuring import Row, take_turns
from benchmarks.report import Report
from stagelab.cli import bench, main, places
from stagelab.cli.parser import make_parser
from stagelab.errors import StagelabError

_FASTER = Row("small", "ours", (3.0, 1.0, 2.0), "rival", (9.0, 4.0, 1.0), goal=0.5)
_SLOWER = Row("small", "ours", (3.0, 3.0), "rival", (1.0, 2.0), goal=1.0)
_GROWTH = Row(
    "memory", "after", (31e6,), "before", (1e6,), unit="bytes", figure="difference", goal=30e6
)
_PLAIN = Row("small", "fresh", (1.0,), "rival", (2.0,))


def test_a_figure_is_made_of_medians() -> None:
    assert _FASTER.value == 0.5
    assert _SLOWER.value == 2.0
    assert _GROWTH.value == 30e6


def test_a_goal_is_met_up_to_its_bound() -> None:
    assert [row.met for row in (_FASTER, _SLOWER, _GROWTH, _PLAIN)] == [True, False, True, None]


def test_contestants_take_turns_and_each_begins_once() -> None:
    heard: list[str] = []
    samples = take_turns(
        {name: lambda name=name: heard.append(name) for name in "abc"},  # type: ignore[misc]
        3,
        before=lambda: heard.append("("),
        after=lambda: heard.append(")"),
    )
    rounds = "".join(heard).replace("(", "").replace(")", "")
    assert rounds == "cab" + "abc" + "bca" + "cab"
    assert "".join(heard).startswith("(c)(a)(b)")
    assert {name: len(taken) for name, taken in samples.items()} == {"a": 3, "b": 3, "c": 3}


def test_without_a_warm_up_every_round_counts() -> None:
    heard: list[str] = []
    samples = take_turns({"a": lambda: heard.append("a")}, 2, warm_up=False)
    assert len(heard) == len(samples["a"]) == 2


def test_the_report_says_figures_goals_and_verdicts_in_words() -> None:
    report = Report(
        "Title", (_FASTER, _SLOWER, _GROWTH, _PLAIN), {"engine": "20.10"}, ("small: so made.",)
    )
    lines = report.text().splitlines()
    assert lines[0] == "Title"
    assert [line.split("  ")[-1].strip() for line in lines[4:8]] == [
        "✓ met",
        "✗ missed",
        "✓ met",
        "i no goal",
    ]
    assert "0.50x" in lines[4]
    assert "≤ 0.50x" in lines[4]
    assert "+30 MB" in lines[6]
    assert "31 MB" in lines[6]
    assert "2 of 3 goals met." in report.text()
    assert "· small: so made." in lines
    assert lines[-1].split() == ["engine", "20.10"]
    assert report.missed == (_SLOWER,)


def test_the_json_has_the_raw_samples() -> None:
    told = json.loads(json.dumps(Report("Title", (_FASTER,), {"engine": "x"}).as_json()))
    assert told["rows"][0]["ours"] == [3.0, 1.0, 2.0]
    assert told["rows"][0]["value"] == 0.5
    assert told["rows"][0]["met"] is True
    assert told["environment"] == {"engine": "x"}


def test_the_help_names_the_benchmarks(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["bench", "--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert "what to measure: build" in said
    assert "./course bench build" in said


def test_the_words_and_what_they_are_without() -> None:
    plain = make_parser().parse_args(["bench", "build"])
    assert (plain.name, plain.runs, plain.scale, plain.only) == ("build", None, 1.0, [])
    assert (plain.docker, plain.json, plain.strict) == (None, None, False)
    words = "bench build --runs 3 --scale 0.1 --only cold --only import --json x --strict"
    given = make_parser().parse_args(words.split())
    assert (given.runs, given.scale, given.only) == (3, 0.1, ["cold", "import"])
    assert (given.json, given.strict) == (Path("x"), True)


@pytest.mark.parametrize(
    "words", ["nothing", "build --runs 0", "build --scale 0", "build --scale nan"]
)
def test_words_that_make_no_sense_are_refused(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["bench", *words.split()])
    assert caught.value.code == 2
    assert "bench: error: argument" in capsys.readouterr().err


def test_a_case_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "build", "--only", "nothing"]) == 1
    said = capsys.readouterr().err
    assert "'nothing'" in said
    assert "cached, context" in said


def test_a_missed_goal_counts_only_if_strict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report("Title", (_SLOWER,), {})
    monkeypatch.setattr(bench_build, "measure", lambda **_: report)
    file = tmp_path / "samples.json"
    assert main(["bench", "build", "--json", str(file)]) == 0
    assert main(["bench", "build", "--strict"]) == 1
    assert "✗ missed" in capsys.readouterr().out
    assert json.loads(file.read_text())["rows"][0]["theirs"] == [1.0, 2.0]


def test_without_the_courses_folder_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def nowhere() -> Path:
        raise StagelabError("The lessons are not here.", fix="Clone it.")

    with pytest.raises(StagelabError, match="benchmarks are not here"):
        bench._make_importable(tmp_path)
    assert str(tmp_path) not in sys.path
    monkeypatch.setattr(places, "root", nowhere)
    arguments = make_parser().parse_args(["bench", "build"])
    with pytest.raises(StagelabError, match="lessons are not here"):
        bench.run(arguments)


def _program(folder: Path, version: str, buildx: str = "") -> Path:
    """Make a docker command that tells its versions and no more."""
    folder.mkdir()
    path = folder / "docker"
    answer = f"echo github.com/docker/buildx {buildx} abc" if buildx else "exit 1"
    path.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo "Docker version {version}, build 1"\n'
        f"else {answer}; fi\n"
    )
    path.chmod(0o755)
    return path


def test_of_those_on_path_the_engines_twin_is_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare = _program(tmp_path / "a", "28.2.2")
    old = _program(tmp_path / "b", "20.10.24+dfsg1")
    new = _program(tmp_path / "c", "28.5.0", "v0.29.1")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "docker").symlink_to(bare)
    monkeypatch.setenv("PATH", ":".join(str(tmp_path / name) for name in "abcd") + ":/bin")

    chosen, others = docker_cli.choose("28.5.0", None)
    assert chosen.path == str(new)
    assert [one.path for one in others][:2] == [str(bare), str(old)]
    assert str(tmp_path / "d" / "docker") not in [one.path for one in others]
    assert str(chosen) == f"28.5.0 ({new}), buildx 0.29.1"
    assert docker_cli.choose("29.0", None)[0].path == str(old)  # the first that has BuildKit
    assert docker_cli.choose("28.5.0", str(old))[0].path == str(old)
    with pytest.raises(StagelabError, match=r"28\.2\.2"):
        docker_cli.choose("28.5.0", str(bare))


def test_each_command_line_builds_in_the_ways_that_it_has() -> None:
    def forms(version: str, buildx: str) -> list[str]:
        return list(docker_cli.Program("docker", version, buildx).forms)

    assert forms("20.10.24", "") == ["docker build"]
    assert forms("20.10.24", "0.10") == ["docker build", "docker buildx build"]
    assert forms("28.5.0", "0.29") == ["docker buildx build"]
    assert forms("28.5.0", "") == []


def test_every_case_is_said_and_measured() -> None:
    assert bench_build.CASES.keys() == bench_build._MEASURES.keys()
