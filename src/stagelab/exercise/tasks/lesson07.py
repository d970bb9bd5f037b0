"""Lesson 07: the order of the cache."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from stagelab.containers import run
from stagelab.exercise.behaviours import no_canary, predicted
from stagelab.exercise.compiling import GO, after_quickly, keeps_modules
from stagelab.exercise.edits import first_again
from stagelab.exercise.requirements import (
    builds,
    prints,
    ships_no_source,
    ships_no_toolchain,
)
from stagelab.exercise.task import Found, Requirement, Task, hinted, met, unmet

if TYPE_CHECKING:
    from pathlib import Path

    from stagelab.builds import Build, Step
    from stagelab.exercise.attempt import Attempt

_CHECKSUM = "9416aca903d20d2d"
"""What the sample app go-modules prints for the text "stagelab"."""

TOKEN = "made-up-token-of-exercise-07-5be2d0c4"  # noqa: S105 - it opens nothing
"""What the build of task 07-2 has no use for."""

_PAGE = "Opening hours: nine to five."
_SITE = {
    "go.mod": "module example.com/site\n\ngo 1.25\n",
    "main.go": """\
// Command site prints the page that is named, pages/index.txt if none is.
package main

import (
	"fmt"
	"os"

	"example.com/site/frame"
)

func main() {
	name := "index"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	page, err := os.ReadFile("pages/" + name + ".txt")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(frame.Around(string(page)))
}
""",
    "frame/frame.go": """\
// Package frame draws a frame.
package frame

// Around gives a text between two lines.
func Around(text string) string {
	return "---\\n" + text + "---\\n"
}
""",
    "pages/index.txt": _PAGE + "\n",
    "pages/about.txt": "We sell bicycles.\n",
    "notes.md": "# Notes\n\nAsk about the winter hours.\n",
    "deploy.env": f"TOKEN={TOKEN}\n",
}


def _edit_asides(folder: Path) -> None:
    _add(folder / "notes.md", f"{secrets.token_hex(8)}\n")
    _add(folder / "deploy.env", f"KEY={secrets.token_hex(8)}\n")


def _edit_page(folder: Path) -> None:
    _add(folder / "pages" / "index.txt", f"{_NEW_LINE} {secrets.token_hex(8)}\n")


_NEW_LINE = "Closed on the first of"


def _add(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def _minds_what_it_needs(attempt: Attempt) -> Found:
    edited = after_quickly(attempt, _edit_asides)
    again = _first_that_ran(edited)
    if again is None:
        return met("After an edit of the two every step comes from the cache.")
    return unmet(
        "after an edit of notes.md and deploy.env this runs again, and so does what rests on it: "
        "it takes files that nobody here needs. Name what the stage needs, one by one.",
        at=attempt.instruction_at(again.line),
    )


def _first_that_ran(edited: Build) -> Step | None:
    return next((step for step in edited.steps if not step.cached), None)


def _ships_the_page_at_once(attempt: Attempt) -> Found:
    edited = after_quickly(attempt, _edit_page)
    compiled = next(
        (s for s in edited.steps if not s.cached and GO.search(s.instruction)),
        None,
    )
    if compiled is not None:
        sees = first_again(attempt, edited, compiled)
        because = f" Line {sees.line} copies the pages above it." if sees else ""
        return unmet(
            f"after an edit of a page this compiles again.{because} The compiler needs the Go "
            "files and go.mod; the pages are needed in the stage that ships.",
            at=attempt.instruction_at(compiled.line),
        )
    if _NEW_LINE in run(edited, client=attempt.client).stdout:
        return met("The new page is in the image, and the compiler did not run.")
    return unmet(
        "after an edit of pages/index.txt the image prints the old page: no step of the stage "
        "that ships copies the pages from the build context.",
        at=attempt.instruction("COPY", "ADD"),
    )


TASKS = (
    Task(
        id="07-1",
        title="Keep the download",
        app="go-modules",
        modules=True,
        first="Choose a prediction first. Then ask which files `go mod download` needs, and which "
        "of the steps above it copies more than these.",
        requirements=(
            builds(),
            predicted(),
            prints(_CHECKSUM, "The image starts the program, which prints a checksum."),
            keeps_modules(
                "A step comes from the cache only if every step before it does. Which step before "
                "the download sees main.go?",
                "The download needs two files. They can be copied by an instruction of their own, "
                "and a folder may be copied to twice.",
                "COPY go.mod go.sum ./ then RUN go mod download, then COPY . ., then RUN go build.",
            ),
            ships_no_toolchain(),
            ships_no_source(),
        ),
        hints=(
            "Which files does the download read? Which files does the step above it copy?",
            "Split COPY in two: what names the modules comes first, the rest later.",
            "COPY go.mod go.sum ./ above RUN go mod download, COPY . . below it.",
        ),
    ),
    Task(
        id="07-2",
        title="Copy what is needed, by name",
        files=_SITE,
        first="List for each of the two stages what it needs from the folder. Then let each COPY "
        "name that, and nothing more.",
        requirements=(
            builds(),
            prints(_PAGE, f"The image starts the program, which prints the page: {_PAGE}"),
            hinted(
                no_canary(
                    TOKEN.encode(),
                    "The token of deploy.env is in no layer, and not in settings or history.",
                    "/site/deploy.env",
                ),
                "The token lies in deploy.env. Which instruction of the last stage copies that?",
                "A RUN rm below it takes the file out of sight, not out of the layer. It must not "
                "be copied at all.",
                "COPY pages pages in place of COPY . . in the last stage.",
            ),
            Requirement(
                "An edit of notes.md or deploy.env runs no step again.",
                _minds_what_it_needs,
                hints=(
                    "COPY compares every file that it copies. Which COPY copies these two?",
                    "Without .dockerignore it is for COPY to choose: it takes several files, and "
                    "it takes folders.",
                    "COPY go.mod main.go ./ and COPY frame frame in the builder, COPY pages pages "
                    "in the last stage.",
                ),
            ),
            Requirement(
                "An edit of a page gets into the image, and does not compile again.",
                _ships_the_page_at_once,
                hints=(
                    "The program reads the pages when it runs. Does the compiler need them?",
                    "Let the last stage copy the pages from the build context, and only the "
                    "program from the builder.",
                    "No pages in the builder. In the last stage: COPY pages pages, without --from.",
                ),
            ),
            ships_no_toolchain(),
            ships_no_source(),
        ),
        hints=(
            "COPY . . is short to write, and takes whatever lies in the folder.",
            "The builder needs go.mod, main.go and the folder frame. The last stage needs the "
            "program and the folder pages.",
            "COPY go.mod main.go ./ and COPY frame frame in the builder; COPY pages pages in the "
            "last stage.",
        ),
    ),
)
