"""`bench load`: what it prepares, and how it says what went wrong. Nothing is timed."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from benchmarks import bench_load, footprint, learners
from benchmarks.learners import Taken
from benchmarks.report import Report
from stagelab.cli import bench
from stagelab.cli.parser import make_parser


def test_learners_have_a_copy_of_the_course(tmp_path: Path) -> None:
    apps = tmp_path / "apps"
    (apps / "one").mkdir(parents=True)
    (apps / "one" / "main.go").write_text("package main\n")
    (tmp_path / "03_x.ipynb").write_text("{}")
    there = [
        learners.enrol(tmp_path / "03_x.ipynb", apps, tmp_path / name, name) for name in ("a", "b")
    ]
    (there[0].course / "sample-apps" / "one" / "main.go").write_text("changed\n")
    assert (there[1].course / "sample-apps" / "one" / "main.go").read_text() == "package main\n"
    assert (there[1].course / "lessons" / "03_x.ipynb").is_file()


def test_marks_are_renewed_and_those_that_were_the_same_stay_the_same(tmp_path: Path) -> None:
    same, other = bench_load._mark(), bench_load._mark()
    there = []
    for name, marks in (("a", (same, same)), ("b", (same, other))):
        learner = learners.Learner(name, tmp_path, tmp_path / name)
        for number, mark in enumerate(marks):
            folder = learner.builds / str(number) / "context"
            folder.mkdir(parents=True)
            (folder / "main.go").write_text(f"package main\n\n{mark}\n")
        there.append(learner)
    bench_load._renew(there)
    files = [path.read_text() for each in there for path in sorted(each.builds.rglob("main.go"))]
    assert all(text.startswith("package main\n\n// mark ") for text in files)
    assert files[0] == files[1] == files[2] != files[3]
    assert not any(mark in text for text in files for mark in (same, other))


def test_what_a_lesson_imports_is_imported_before() -> None:
    new = nbformat.v4
    source = "import shutil\nfrom pathlib import Path\n\nclient = connect()\n"
    notebook = new.new_notebook(cells=[new.new_markdown_cell("# x"), new.new_code_cell(source)])  # type: ignore[no-untyped-call]
    assert learners._imports(notebook) == "import shutil\nfrom pathlib import Path"


@pytest.mark.parametrize(("failed", "collided", "met"), [((), (), True), (("a",), ("b",), False)])
def test_failures_and_collisions_are_goals(
    failed: tuple[str, ...], collided: tuple[str, ...], met: bool
) -> None:
    taken = Taken((4.0, 6.0, 5.0), failed, collided, memory=3e8, peak=5e8)
    rows = {row.contestant: row for row in bench_load._rows("edited", 3, [taken], [(5.0, 2.0)])}
    assert rows["3 kernels, the last to end"].value == 1.2
    assert rows["the median of them"].value == 5 / 3.5
    assert rows["memory at its peak"].value == 2e8
    assert rows["cells that failed"].met is met
    assert rows["collisions"].met is met
    said = Report("Title", tuple(rows.values()), {}).text()
    assert ("≤ +0" in said, "+1" in said) == (True, not met)


def test_of_many_lines_the_first_are_told() -> None:
    told = bench_load._told("edited: ", [str(number) for number in range(20)])
    assert told[0] == "edited: 0"
    assert told[-1] == "edited: and 8 more"
    assert bench_load._told("x", []) == []


def test_memory_is_that_of_processes_that_live() -> None:
    assert footprint.resident([2**22 + 1]) == 0
    assert footprint.resident([]) == 0


def test_it_is_measured_once_unless_more_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def measure(*, runs: int, **_: object) -> Report:
        asked.append(runs)
        return Report("Title", (), {})

    monkeypatch.setattr(bench_load, "measure", measure)
    for words in ("bench load", "bench load --runs 3"):
        bench.run(make_parser().parse_args(words.split()))
    assert asked == [1, 3]
