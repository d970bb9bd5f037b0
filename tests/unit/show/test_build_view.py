"""How builds, runs and errors of the SDK look; by facts made by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from stagelab import show
from stagelab.builds import Build, Stage, Step
from stagelab.builds.facts import BaseUse
from stagelab.containers import Run

assert show


@dataclass(frozen=True)
class Image:
    """As much of an SDK image as is shown."""

    id: str = "sha256:0123456789abcdef"
    short_id: str = "sha256:0123456789"
    tags: list[str] = field(default_factory=list)


STEPS = (
    Step(None, "ARG X=1", 1, 0.0, 0.0),
    Step("builder", "RUN go build -ldflags '-X <main>'", 4, 10.0, 12.5, log="compiling <all>\n"),
    Step("builder", "FROM golang:1.27", 2, 9.0, 9.0, cached=True),
    Step("stage-2", "COPY --from=builder /app/x .", 8, 13.0, 13.04),
)
STAGES = (
    Stage("builder", 0, "golang:1.27", 2, STEPS[1:3], ran=True),
    Stage("tests", 1, "builder", 5, (), ran=False),
    Stage("stage-2", 2, "alpine:3.22", 7, STEPS[3:], ran=True),
)
BUILD = Build(
    image=Image(),
    builder="buildkit",
    tag="stagelab/x:multi",
    target=None,
    stages=STAGES,
    steps=STEPS,
    log="compiling <all>\n",
    context_bytes=1234,
    seconds=4.0,
    dockerfile="",
    bases=(
        BaseUse("builder", "golang:1.27", "stand-in"),
        BaseUse("stage-2", "alpine:3.22", "official"),
    ),
)


# a build


def test_a_build_as_text() -> None:
    assert str(BUILD).splitlines() == [
        "✓ built stagelab/x:multi",
        "BuildKit · 4 steps, 1 from the cache · 4.0 s · build context 1.23 kB",
        "Stage    Line  Instruction                        Result    Time",
        "───────  ────  ─────────────────────────────────  ───────  ─────",
        "            1  ARG X=1                            ran       0 ms",
        "builder     2  FROM golang:1.27                   cached",
        "builder     4  RUN go build -ldflags '-X <main>'  ran      2.5 s",
        "tests       5  FROM builder                       skipped",
        "stage-2     8  COPY --from=builder /app/x .       ran      40 ms",
        "builder starts from golang:1.27 (a stand-in made from distribution packages); "
        "stage-2 starts from alpine:3.22 (the official image)",
    ]


def test_a_build_as_html() -> None:
    bundle = BUILD._repr_mimebundle_()
    assert bundle["text/plain"] == str(BUILD)
    html = bundle["text/html"]
    assert "<script" not in html
    assert "<main>" not in html
    assert "&lt;main&gt;" in html
    assert "compiling &lt;all&gt;" in html
    assert html.count("<tr") == 1 + 5
    for word in ("stagelab/x:multi", "skipped", "cached", "stand-in"):
        assert word in html
    assert (
        "What the steps printed" not in replace(BUILD, log=" \n")._repr_mimebundle_()["text/html"]
    )


def test_a_build_without_a_tag_has_its_id() -> None:
    assert str(replace(BUILD, tag=None)).splitlines()[0] == "✓ built 0123456789"


def test_the_classic_builder_is_named() -> None:
    assert "classic builder · " in str(replace(BUILD, builder="classic"))


def test_a_stage_by_name() -> None:
    assert BUILD.stage("tests") is STAGES[1]
    with pytest.raises(KeyError):
        BUILD.stage("nowhere")


# a run


def test_a_run_as_text_and_html() -> None:
    run = Run("stagelab/x", ("a", "<b>"), 0, "hello <you>\n", "", 0.25)
    assert str(run).splitlines() == [
        "✓ ended well stagelab/x a <b>",
        "hello <you>",
        "exit code 0 after 250 ms",
    ]
    html = run._repr_mimebundle_()["text/html"]
    assert "hello &lt;you&gt;" in html
    assert "<you>" not in html
    assert "<b>" not in html.replace("<b>✓</b>", "")


def test_a_run_that_failed() -> None:
    text = str(Run("x", (), 7, "", "oh no\n", 1.0))
    assert text.splitlines() == ["✗ exit code 7 x", "oh no", "exit code 7 after 1.0 s"]


def test_a_run_that_was_stopped_says_why_even_below_a_long_output() -> None:
    run = Run("x", (), 137, "y\n" * 5000, "", 1.0, stopped="It printed without end.")
    for shown in (str(run), run._repr_mimebundle_()["text/html"]):
        assert "stopped" in shown
        assert "exit code 137 after 1.0 s. It printed without end." in shown


def test_a_run_that_did_not_start() -> None:
    text = str(Run("x", (), None, "", "", 0.1, error="exec /x: no such file or directory"))
    assert text.splitlines() == [
        "✗ did not start x",
        "exec /x: no such file or directory",
        "the engine's words are above",
    ]
    assert "did not start" in Run("x", (), None, "", "", 0.1)._repr_mimebundle_()["text/html"]


def test_long_and_empty_outputs() -> None:
    many = Run("x", (), 0, "".join(f"{n}\n" for n in range(100)), "", 1.0)
    assert "29\n… and 70 lines more" in str(many)
    assert "(no output)" in str(Run("x", (), 0, "", "", 1.0))
