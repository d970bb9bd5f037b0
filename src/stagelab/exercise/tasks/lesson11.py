"""Lesson 11: what a program carries, and builds that can be repeated."""

from __future__ import annotations

from dataclasses import replace

from stagelab.exercise import linked
from stagelab.exercise.attempt import Attempt
from stagelab.exercise.behaviours import predicted
from stagelab.exercise.repeating import same_layers, same_program
from stagelab.exercise.requirements import GREETING, builds, prints
from stagelab.exercise.stripping import (
    carried,
    compiles,
    only_the_program,
    stripped,
    without_folder,
)
from stagelab.exercise.task import Found, Requirement, Task, met, unmet, waiting

_APP = "go-hello"
_DEBUG = "debug"
_VERSION = "1.4.0"
_NOTICE = "Made for exercise 11. Ships beside the program.\n"
_MAIN = """\
// Command notes tells its version.
package main

import "fmt"

// Both are replaced at link time: go build -ldflags "-X main.version=1.4.0".
var version, built = "none", "at no time that it tells"

func main() {
\tfmt.Printf("notes %s, built %s\\n", version, built)
}
"""


def _ships_the_notice(attempt: Attempt) -> Found:
    image = attempt.xray
    found = [e.path for e in image.tree if e.kind == "file" and e.path.endswith("/notice.txt")]
    if any(image.read(path) == _NOTICE.encode() for path in found):
        return met("It is there.")
    return unmet(
        "No file notice.txt with the notice's words is in the image. The last stage can take it "
        "from the builder, where COPY . . has put it."
    )


def _debugging(attempt: Attempt) -> Attempt:
    """Give the same answer with `debug` as its target."""

    def make() -> Attempt:
        task = replace(attempt.task, id=f"{attempt.task.id}-{_DEBUG}", target=_DEBUG)
        return Attempt(task, attempt.text, client=attempt.client)

    return attempt.once(_DEBUG, make)


def _debug_starts(attempt: Attempt) -> Found:
    attempt.build  # noqa: B018 - what does not build at all is told by the requirement above
    other = _debugging(attempt)
    if other.stage is None:
        names = ", ".join(stage.name for stage in attempt.source.stages)
        return unmet(
            f"No stage is named {_DEBUG}: there are {names}. Name it so: FROM scratch AS {_DEBUG}."
        )
    return prints(GREETING, "").look(other)


def _debug_symbols(attempt: Attempt) -> Found:
    other = _debugging(attempt)
    data = carried(other) if other.stage is not None else None
    if data is None:
        return waiting()
    lacks = {linked.SYMBOLS, linked.DEBUGGING} - linked.sections(data)
    if not lacks:
        return met("It has both.")
    return unmet(
        f"the program of the stage {_DEBUG} lacks {' and '.join(sorted(lacks))}: a debugger finds "
        "neither variables nor lines. Compile it a second time, without -s and -w, to a file of "
        "its own.",
        at=compiles(other),
    )


TASKS = (
    Task(
        id="11-1",
        title="Ship the program and nothing else",
        app=_APP,
        first="Look at xray of what this builds: which part of the image is the program, and what "
        "does the program itself carry that nobody reads at run time?",
        requirements=(
            builds(),
            prints(GREETING, f"The image starts the program, which prints: {GREETING}"),
            stripped(),
            without_folder(),
            only_the_program(),
        ),
        hints=(
            "There are two things to make smaller: the program, and what ships beside it.",
            "go build has a flag for the linker, -ldflags, and one for paths, -trimpath. A static "
            "program needs no base.",
            'go build -trimpath -ldflags="-s -w" -o myapp, then FROM scratch and one COPY of one '
            "file to /.",
        ),
    ),
    Task(
        id="11-2",
        title="Make the build repeatable",
        files={
            "main.go": _MAIN,
            "go.mod": "module example.com/notes\n\ngo 1.25\n",
            "notice.txt": _NOTICE,
        },
        first="Say for each instruction what it takes from the clock: a text in the program, the "
        "time of a file, the time of a folder.",
        requirements=(
            predicted(),
            builds(),
            prints(f"notes {_VERSION},", f"The program tells its version, {_VERSION}."),
            Requirement(
                "It ships notice.txt.",
                _ships_the_notice,
                (
                    "The notice has to stay, the time of its file does not.",
                    "The builder has a copy of it: COPY . . has brought it.",
                    "RUN cp notice.txt /out/ in the builder, COPY --from=builder /out/ / below.",
                ),
            ),
            same_program(),
            same_layers(),
        ),
        hints=(
            "Build it twice with nocache=True and compare: image.attrs['RootFS']['Layers'].",
            "Three things take the time of the build with them: the program's text, the files' "
            "times, and folders that the last stage makes.",
            "Take $(date …) out. Gather program and notice in /out, touch -d @1700000000 both, and "
            "COPY --from=builder /out/ / into scratch.",
        ),
    ),
    Task(
        id="11-3",
        title="Keep a target for the debugger",
        app=_APP,
        first="Write two stages below the builder, `debug` and, last, the one that ships. Which "
        "program does each of them take?",
        requirements=(
            builds(),
            prints(GREETING, f"The image that ships prints: {GREETING}"),
            stripped(),
            without_folder(),
            only_the_program(),
            Requirement(
                f"The target {_DEBUG} builds an image that prints the same.",
                _debug_starts,
                (
                    "build(…, target=NAME) stops at the stage of that name, which needs a start "
                    "of its own.",
                    f"AS {_DEBUG} in its FROM line, then COPY and ENTRYPOINT.",
                    f"FROM scratch AS {_DEBUG}, COPY --from=builder /out/debug /myapp, ENTRYPOINT "
                    '["/myapp"], above the last stage.',
                ),
            ),
            Requirement(
                f"The program of {_DEBUG} has a symbol table and debug information.",
                _debug_symbols,
                (
                    "What was stripped cannot be put back. Where is the program before?",
                    "Compile twice in the builder, with and without -ldflags, to two files.",
                    "RUN go build -trimpath -o /out/debug, and for the other one "
                    '-ldflags="-s -w" -o /out/ship.',
                ),
            ),
        ),
        hints=(
            "A stage that nothing takes from is built only when it is the target: it costs the "
            "last stage nothing.",
            "Two programs from one source: one with -ldflags, one without. Each of two stages "
            "takes its own.",
            "builder makes /out/debug and /out/ship; FROM scratch AS debug takes one, FROM scratch "
            "takes the other and comes last.",
        ),
    ),
)
