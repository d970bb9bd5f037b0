"""Requirements that several tasks have; each looks at behaviour, not at wording."""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING

from stagelab.containers import Reply, Service, Stopped, serve
from stagelab.containers.facts import with_reason
from stagelab.errors import RunTimeout, StartFailed
from stagelab.exercise import failing, program
from stagelab.exercise.task import Found, Requirement, met, unmet, waiting
from stagelab.show.style import humane_bytes

if TYPE_CHECKING:
    from stagelab.builds import Instruction
    from stagelab.exercise.attempt import Attempt

GREETING = "Hello from a Go program."
"""What the sample app go-hello prints."""

GO_FOLDER = "/usr/local/go"
"""Where the golang image has its toolchain."""

SOON = 1
"""Seconds that a service has to end, by the engine's own clock, before the engine kills it."""

_PATIENCE = 10.0


def builds(text: str = "It builds.") -> Requirement:
    """It builds; a failure tells line, instruction and the engine's words."""

    def look(attempt: Attempt) -> Found:
        if attempt.source.stages and attempt.stage is None:
            return waiting()  # that the stage asked for is not there is told already
        made = attempt.build
        return met(f"Built with {_BUILDERS[made.builder]}.")

    return Requirement(text, look)  # what an answer that does not build lacks, the task knows


_BUILDERS = {"buildkit": "BuildKit", "classic": "the classic builder"}


def prints(expected: str, text: str) -> Requirement:
    """Started as it is, without arguments, it ends well and prints `expected`."""

    def look(attempt: Attempt) -> Found:
        try:
            ran = attempt.run
        except RunTimeout as error:
            why = f" {error.why}" if error.why else ""
            return unmet(
                f"it does not end: after its time it was stopped.{why} It is to print its line and "
                "end.",
                at=program.starter(attempt),
                detail=error.detail,
            )
        if ran.ok and expected in ran.stdout:
            return met(f"It prints: {_first_line(ran.stdout)}")
        if program.starter(attempt) is None or program.broken_list(attempt) or not ran.ok:
            return failing.why_not(attempt, ran.output)
        return unmet(
            f"it ran, but what it printed is not {expected!r}.",
            at=program.starter(attempt),
            detail=ran.output or "(it printed nothing)",
        )

    return Requirement(
        text,
        look,
        (
            "What does a container of this image start, and where in the image is that file?",
            "The last stage needs the program itself, and an ENTRYPOINT or CMD that names it with "
            "its path. What a relative path counts from, WORKDIR says.",
            "COPY --from the stage that has the program, then ENTRYPOINT with the path that COPY "
            'put it to, as a list: ["/path/program"].',
        ),
    )


def starts_without_shell() -> Requirement:
    """The engine starts the program itself: exec form."""

    def look(attempt: Attempt) -> Found:
        words = program.command(attempt)
        at = program.starter(attempt)
        if not words or at is None:
            return unmet(
                "The last stage has neither ENTRYPOINT nor CMD, so it does not start your program. "
                'Add one as a list: ENTRYPOINT ["./myapp"].'
            )
        if program.through_shell(attempt):
            return unmet(_of_shell(attempt, at), at=at)
        return met(f"The engine starts {words[0]} itself.")

    return Requirement(
        "The engine starts the program itself, without a shell in between (exec form).",
        look,
        (
            "ENTRYPOINT has two forms. Which of them needs a shell?",
            "A line of plain words is the shell form. A list is the exec form.",
            'ENTRYPOINT ["./myapp"], with double quotes.',
        ),
    )


def _of_shell(attempt: Attempt, at: Instruction) -> str:
    """Say what a shell between the engine and the program means."""
    broken = program.broken_list(attempt)
    if broken:
        return broken
    listed = program.is_list(at)
    starts = "This list starts a shell" if listed else "The engine starts a shell"
    if program.shell_line(attempt).startswith("exec "):
        means = (
            f"{starts}, and `exec` puts your program in its place. The image still needs a shell "
            "for that."
        )
    else:
        means = (
            f"{starts}, and the shell your program. The image then needs a shell, and whether a "
            "signal reaches your program depends on that shell."
        )
    instead = "Name the program itself" if listed else "Write a list instead"
    return f'{means} {instead}: ENTRYPOINT ["./myapp"].'


def ships_no_toolchain() -> Requirement:
    """No layer holds Go's compiler, not even one that a later layer hides."""

    def look(attempt: Attempt) -> Found:
        image = attempt.xray
        if image.file(f"{GO_FOLDER}/bin/go"):
            spare = sum(e.size for e in image.tree if e.path.startswith(f"{GO_FOLDER}/"))
            return unmet(
                "the image that ships starts from here and holds the Go toolchain in "
                f"{GO_FOLDER}: {humane_bytes(spare)} that the program never uses. Begin a new "
                "stage with a small base, and COPY --from only the program.",
                at=_from(attempt),
            )
        hidden = [item for item in image.waste.worst if item.path.startswith(f"{GO_FOLDER}/")]
        if hidden:
            return unmet(
                f"this removes {GO_FOLDER}, but only from view: the layers below still hold it, "
                "and they ship. Begin a new stage with a small base instead.",
                at=attempt.layer_instruction(hidden[0].hidden_by),
            )
        return met("No layer holds a Go toolchain.")

    return Requirement(
        "It ships no Go toolchain, in no layer.",
        look,
        (
            "Which stage ships, and what does its base bring?",
            "Removing files in a later layer hides them only. A stage that begins anew has none "
            "of them.",
            "FROM alpine:3.22 or FROM scratch for the last stage, and COPY --from the program.",
        ),
    )


def ships_no_source() -> Requirement:
    """No layer holds the sample app's source."""

    def look(attempt: Attempt) -> Found:
        image = attempt.xray
        ours = {path.name for path in attempt.task.context().glob("*.go")}
        paths = [entry.path for entry in image.tree] + [item.path for item in image.waste.worst]
        shipped = sorted(
            path
            for path in set(paths)
            # the toolchain has files of such names too, and is another requirement's matter
            if path.rpartition("/")[2] in ours and not path.startswith(f"{GO_FOLDER}/")
        )
        if not shipped:
            return met("Only the program is there, none of its source.")
        wrote = image.layer_of(shipped[0])
        return unmet(
            f"the image that ships holds source code: {', '.join(shipped)}. The program does not "
            "need it, and whoever gets the image can read it. COPY only the program.",
            at=(None if wrote is None else attempt.layer_instruction(wrote))
            or attempt.instruction("COPY", "ADD"),
        )

    return Requirement(
        "It ships no source code.",
        look,
        (
            "Which instruction of the last stage brings files, and how many?",
            "COPY takes all of a folder if you name a folder. Name the one file that is needed.",
            "COPY --from=builder /app/myapp . takes the program alone.",
        ),
    )


@dataclass(frozen=True, slots=True)
class Visit:
    """What a service did when it was started, asked, and told to end."""

    replies: dict[str, Reply]
    stopped: Stopped


def visit(attempt: Attempt, port: int, *paths: str) -> Visit:
    """Start the built image as a service, get `paths`, and stop it; once an attempt.

    Raises:
        BuildError: The answer does not build.
        StartFailed: It does not start or does not answer.
    """

    def go() -> Visit:
        with serve(attempt.build, port, ready=paths[0], client=attempt.client) as service:
            return Visit(replies(service, *paths), service.stop(grace=SOON))

    made = attempt.once("visit", go)
    if made.stopped.killed:  # a second chance on a computer that is busy with something else
        made = attempt.once("second visit", go)
    return made


def replies(service: Service, *paths: str) -> dict[str, Reply]:
    """Get paths of a service that runs.

    Raises:
        StartFailed: It does not answer any more; the detail has what it printed.
    """
    try:
        return {path: service.get(path, timeout=_PATIENCE) for path in paths}
    except (OSError, HTTPException) as error:
        stopped = service.stopped()
        raise StartFailed(
            f"The service started, and then it did not answer. {stopped}".rstrip(),
            fix="Read what it printed, below.",
            detail=with_reason(f"{service.logs()}{error}", stopped),
        ) from None


def answers(port: int, path: str, expected: str, others: tuple[str, ...], text: str) -> Requirement:
    """The service answers a GET of `path` with status 200 and `expected` in the body.

    Args:
        port: Where it listens.
        path: What is asked for here.
        expected: A part of the body.
        others: What the task's further requirements ask for.
        text: The requirement.
    """

    def look(attempt: Attempt) -> Found:
        try:
            reply = visit(attempt, port, path, *others).replies[path]
        except StartFailed as error:
            return failing.why_not(attempt, error.detail, failed="it does not answer")
        if reply.status == 200 and expected in reply.body:  # noqa: PLR2004 - HTTP: OK
            return met(f"It answers: {_first_line(reply.body)}")
        return unmet(
            f"it answers GET {path} with status {reply.status}: {_first_line(reply.body)}",
            at=program.starter(attempt),
        )

    return Requirement(
        text,
        look,
        (
            "Does the program start at all? run(answer's build) and its words tell.",
            "A program that is dynamically linked needs its loader in the image. Does the base of "
            "the last stage have it? xray(…).start tells.",
            "RUN CGO_ENABLED=0 go build … makes a program that needs no loader.",
        ),
    )


def _from(attempt: Attempt) -> Instruction | None:
    """Find the FROM that brings the base: the one of the lowest stage below the built one."""
    return attempt.chain[-1].instructions[0] if attempt.chain else None


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "")
