"""How a build and a run look."""

from __future__ import annotations

from stagelab._render import register
from stagelab.builds.facts import BaseUse, Build, Stage, Step
from stagelab.containers.facts import Run
from stagelab.show.build_warnings import warning_lines, warnings_html
from stagelab.show.style import (
    Html,
    badge,
    card,
    clip,
    code,
    count,
    escape,
    humane_bytes,
    humane_seconds,
    muted,
    table,
    text_badge,
    text_table,
)

BUILDERS = {"buildkit": "BuildKit", "classic": "classic builder"}
_HEADER = ("Stage", "Line", "Instruction", "Result", "Time")
_ALIGN = "lrllr"
_OUTPUT_LINES = 30
_PRE = "white-space:pre-wrap;margin:.3em 0;color:inherit;font-family:monospace"


def title(build: Build) -> str:
    """Name a build: its tag, or its image's short ID."""
    return build.tag or str(build.image.short_id).removeprefix("sha256:")


def summary(build: Build) -> str:
    """Sum a build up in a line: builder, steps, cached ones, seconds."""
    cached = sum(step.cached for step in build.steps)
    steps = f"{count(len(build.steps), 'step')}, {cached} from the cache"
    return f"{BUILDERS[build.builder]} · {steps} · {humane_seconds(build.seconds)}"


def bases_line(bases: tuple[BaseUse, ...]) -> str:
    """Say on which kind of base each stage rests."""
    kinds = {
        "stand-in": "a stand-in made from distribution packages",
        "official": "the official image",
        "scratch": "an empty file system",
        "other": "an image of your own",
    }
    said = [f"{use.stage} starts from {use.reference} ({kinds[use.kind]})" for use in bases]
    return "; ".join(said)


def _build_html(build: Build) -> str:
    rows = [
        (code(stage), line, code(clip(what, 90)), _result_badge(result), seconds)
        for stage, line, what, result, seconds in _rows(build)
    ]
    log = build.log.strip()
    details = (
        Html(
            "<details><summary>What the steps printed</summary><pre style='white-space:pre-wrap;"
            f"margin:.3em 0'>{escape(log)}</pre></details>"
        )
        if log
        else ""
    )
    return card(
        Html(f"{badge('built', 'ok')} {escape(title(build))}"),
        muted(f"{summary(build)} · build context {humane_bytes(build.context_bytes)}"),
        table(_HEADER, rows, align=_ALIGN),
        muted(bases_line(build.bases)),
        warnings_html(build.warnings),
        details,
    )


def _build_text(build: Build) -> str:
    rows = [
        (stage, line, clip(what, 60), result, seconds)
        for stage, line, what, result, seconds in _rows(build)
    ]
    return "\n".join(
        [
            f"{text_badge('built', 'ok')} {title(build)}",
            f"{summary(build)} · build context {humane_bytes(build.context_bytes)}",
            text_table(_HEADER, rows, align=_ALIGN),
            bases_line(build.bases),
            *warning_lines(build.warnings),
        ]
    )


def _rows(build: Build) -> list[tuple[str, str, str, str, str]]:
    rows = [_step_row(step) for step in build.steps if step.stage is None]
    for stage in build.stages:
        rows += _stage_rows(stage)
    return rows


def _stage_rows(stage: Stage) -> list[tuple[str, str, str, str, str]]:
    if not stage.ran:
        return [(stage.name, str(stage.line), f"FROM {stage.base}", "skipped", "")]
    steps = sorted(stage.steps, key=lambda step: step.line or 0)
    return [_step_row(step) for step in steps]


def _step_row(step: Step) -> tuple[str, str, str, str, str]:
    result = "failed" if step.error else "cached" if step.cached else "ran"
    seconds = "" if step.cached else humane_seconds(step.seconds)
    return (step.stage or "", str(step.line or ""), step.instruction, result, seconds)


def _result_badge(result: str) -> Html:
    kinds = {"failed": "bad", "ran": "ok", "cached": "info"}
    return badge(result, kinds[result]) if result in kinds else muted(result)  # type: ignore[arg-type]


def _run_html(run: Run) -> str:
    output = escape(_clipped(run.output.strip()) or "(no output)")
    return card(
        Html(f"{_run_badge(run)} {code(_command(run))}"),
        Html(f"<pre style='{_PRE}'>{output}</pre>"),
        muted(_run_facts(run)),
    )


def _run_text(run: Run) -> str:
    output = _clipped(run.output.strip()) or "(no output)"
    word = text_badge("ended well", "ok") if run.ok else text_badge(_trouble(run), "bad")
    return f"{word} {_command(run)}\n{output}\n{_run_facts(run)}"


def _run_badge(run: Run) -> Html:
    return badge("ended well", "ok") if run.ok else badge(_trouble(run), "bad")


def _trouble(run: Run) -> str:
    if run.stopped:
        return "stopped"
    return "did not start" if run.exit_code is None else f"exit code {run.exit_code}"


def _command(run: Run) -> str:
    return " ".join([run.image, *run.command])


def _run_facts(run: Run) -> str:
    if run.exit_code is None:
        return "the engine's words are above"
    ended = f"exit code {run.exit_code} after {humane_seconds(run.seconds)}"
    return f"{ended}. {run.stopped}" if run.stopped else ended


def _clipped(output: str) -> str:
    lines = output.splitlines()
    if len(lines) <= _OUTPUT_LINES:
        return output
    return "\n".join([*lines[:_OUTPUT_LINES], f"… and {len(lines) - _OUTPUT_LINES} lines more"])


register(Build, html=_build_html, text=_build_text)
register(Run, html=_run_html, text=_run_text)
