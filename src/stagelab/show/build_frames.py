"""A build in progress and at its end, as HTML and as text: what is shown where no widget is.

The end is one line; its HTML opens to the steps and the end of what they printed.
"""

from __future__ import annotations

from stagelab.show.build_warnings import warning_lines, warnings_html
from stagelab.show.snapshot import Snapshot, StageProgressed, StepProgressed
from stagelab.show.step_words import (
    KINDS,
    OUTCOMES,
    STOP,
    blame,
    duration,
    moved,
    share,
    tally,
)
from stagelab.show.style import (
    Html,
    badge,
    bar,
    card,
    clip,
    code,
    count,
    escape,
    humane_seconds,
    muted,
    table,
    text_badge,
)

_LOG_LINES = 5
_HEADER = ("Stage", "Line", "Instruction", "Result", "Time")
_PRE = (
    "margin:.2em 0;padding:.3em .6em;color:inherit;overflow:auto;"
    "font-family:var(--jp-code-font-family,monospace);white-space:pre-wrap;overflow-wrap:anywhere"
)


def running_html(snapshot: Snapshot, note: str = "") -> Html:
    """Show a build that runs: a line for each stage, what it printed last, how to stop it.

    Args:
        snapshot: The build.
        note: A sentence below, "" for none.
    """
    stages = (_stage_html(stage, snapshot) for stage in snapshot.stages)
    notes = (muted(said) for said in (note, STOP) if said)
    return card(head(snapshot), *stages, *notes)


def running_text(snapshot: Snapshot, note: str = "") -> str:
    """Tell the same as `running_html`."""
    lines = [head(snapshot)]
    for stage in snapshot.stages:
        lines.append(f"  {stage_text(stage, 60)}")
        lines += [f"      {line}" for line in log_end(stage, snapshot)]
    return "\n".join([*lines, *filter(None, [note, STOP])])


def final_html(snapshot: Snapshot) -> Html:
    """Show a build that has ended: one line that opens to its details."""
    word, kind = OUTCOMES[snapshot.outcome]
    told = " · ".join(filter(None, [snapshot.facts(), blame(snapshot, 50)]))
    line = f"{badge(word, kind)} {escape(told)}"
    if not (snapshot.stages or snapshot.warnings):
        return Html(f"<div>{line}</div>")
    stages = sorted(snapshot.stages, key=_first_line)
    rows = [_row(stage, step) for stage in stages for step in stage.steps]
    parts = [
        warnings_html(snapshot.warnings),
        table(_HEADER, rows, align="lrllr") if rows else "",
        *(_log_html(stage) for stage in stages if stage.log),
    ]
    return Html(
        f"<details><summary style='cursor:pointer'>{line}</summary>{''.join(parts)}</details>"
    )


def final_text(snapshot: Snapshot) -> str:
    """Tell the line of `final_html`, and the warnings."""
    word, kind = OUTCOMES[snapshot.outcome]
    told = " · ".join(filter(None, [snapshot.facts(), blame(snapshot, 50)]))
    lines = [f"{text_badge(word, kind)} {told}"]
    lines += [f"  {line}" for line in warning_lines(snapshot.warnings)]
    return "\n".join(lines)


def head(snapshot: Snapshot) -> str:
    """Give the line above a running build's stages."""
    warned = f" · {count(len(snapshot.warnings), 'warning')}" if snapshot.warnings else ""
    return f"Building {snapshot.title} … {humane_seconds(snapshot.seconds)}{warned}"


def stage_text(stage: StageProgressed, width: int) -> str:
    """Give a stage's line: state, name, instruction, and what there is to say of it."""
    at = stage.at
    elapsed = humane_seconds(at.seconds) if stage.state == "running" else ""
    told = filter(None, [clip(at.instruction, width), elapsed, moved(at), tally(stage)])
    return f"{text_badge(stage.state, KINDS[stage.state])} {stage.name}: {' · '.join(told)}"


def log_end(stage: StageProgressed, snapshot: Snapshot) -> tuple[str, ...]:
    """Give the last log lines of a stage that is at work; fewer if several are."""
    running = sum(other.state == "running" for other in snapshot.stages)
    if stage.state not in {"running", "failed"}:
        return ()
    return stage.log[-max(1, _LOG_LINES // max(1, running)) :]


def _stage_html(stage: StageProgressed, snapshot: Snapshot) -> Html:
    at, part = stage.at, share(stage.at)
    elapsed = humane_seconds(at.seconds) if stage.state == "running" else ""
    told = " · ".join(filter(None, [elapsed, moved(at), tally(stage)]))
    line = (
        f"{badge(stage.state, KINDS[stage.state])} <b>{escape(stage.name)}</b> "
        f"{code(clip(at.instruction, 80))} {bar(part) if part is not None else ''} {muted(told)}"
    )
    log = "\n".join(log_end(stage, snapshot))
    return Html(f"{line}<pre style='{_PRE};opacity:.72'>{escape(log)}</pre>" if log else line)


def _first_line(stage: StageProgressed) -> int:
    return min(step.line or 0 for step in stage.steps)


def _row(stage: StageProgressed, step: StepProgressed) -> tuple[object, ...]:
    return (
        Html(f'<span style="white-space:nowrap">{escape(stage.name)}</span>'),
        step.line or "",
        code(clip(step.instruction, 90)),
        badge(step.state, KINDS[step.state]),
        duration(step),
    )


def _log_html(stage: StageProgressed) -> Html:
    what = f"The last {count(len(stage.log), 'line')} that" if stage.log_cut else "What"
    title = f"{what} {stage.name} printed"
    log = "\n".join(stage.log)
    return Html(f"<div>{muted(title)}<pre style='{_PRE}'>{escape(log)}</pre></div>")
