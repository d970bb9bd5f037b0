"""Requirements on what a shipped Go program carries, and on what ships beside it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from stagelab.builds.edges import needed
from stagelab.exercise import linked, program
from stagelab.exercise.task import Found, Requirement, met, unmet, waiting
from stagelab.image.elf import ELF_MAGIC
from stagelab.show.style import humane_bytes

if TYPE_CHECKING:
    from stagelab.builds import Instruction
    from stagelab.exercise.attempt import Attempt

MOST = 1.01
"""How large an image may be, as a multiple of its program: the rest is for what it needs."""

_FLAGS = '-ldflags="-s -w"'


def carried(attempt: Attempt) -> bytes | None:
    """Give the bytes of the program that the image starts; None if that is no ELF file.

    Raises:
        BuildError: The answer does not build.
        ImageError: The image or the program, as one too large, cannot be read.
    """
    path = program.located(attempt) if program.command(attempt) else None
    if path is None:
        return None
    data = attempt.once("program", lambda: attempt.xray.read(path))
    return data if data.startswith(ELF_MAGIC) else None


def compiles(attempt: Attempt) -> Instruction | None:
    """Find the RUN that makes the program that the built stage ships, among those it rests on."""
    if attempt.stage is None:
        return None
    source = attempt.source
    stages = [source.stages[index] for index in sorted(needed(source, attempt.stage))]
    found = [
        i for s in stages for i in s.instructions if i.keyword == "RUN" and "go build" in i.value
    ]
    copies = [i for i in attempt.stage.instructions if i.keyword in {"COPY", "ADD"}]
    shipped = {posixpath.basename(word) for i in copies for word in i.arguments.split()} - {"", "."}
    named = [i for i in found if shipped & {posixpath.basename(w) for w in i.value.split()}]
    return next(reversed(named or found), None)


def stripped(
    text: str = "The program ships without symbol table and debug information.",
) -> Requirement:
    """The program that the image starts has neither symbols nor debug information."""

    def look(attempt: Attempt) -> Found:
        data = carried(attempt)
        if data is None:
            return waiting()
        left = linked.sections(data) & {linked.SYMBOLS, linked.DEBUGGING}
        if not left:
            return met(f"It has neither, and {humane_bytes(len(data))}.")
        if attempt.stage is not None and attempt.stage.name == "debug":
            return unmet(
                "the last stage ships, and here that is `debug`: the program in it carries its "
                "symbols. Put the stage that ships below this one.",
                at=attempt.stage.instructions[0],
            )
        what = {
            linked.SYMBOLS: "a symbol table (.symtab)",
            linked.DEBUGGING: "debug information (.debug_info)",
        }
        said = " and ".join(what[name] for name in sorted(left, reverse=True))
        return unmet(
            f"the program that ships still carries {said}: nothing reads them at run time. Let "
            f"the linker leave them out: {_FLAGS}.",
            at=compiles(attempt),
        )

    return Requirement(
        text,
        look,
        (
            "Two tables are only for debuggers. Who writes them into the program: the compiler, "
            "the linker, or COPY?",
            "go build hands on what stands in -ldflags to the linker: -w leaves out the debug "
            "information, -s the symbol table, too.",
            f"go build -trimpath {_FLAGS} -o myapp, with the quotes: they are one argument.",
        ),
    )


def without_folder(
    text: str = "The program does not tell the folder it was built in.",
) -> Requirement:
    """The program has no absolute path of the source that it was built from."""

    def look(attempt: Attempt) -> Found:
        data = carried(attempt)
        if data is None:
            return waiting()
        for name in sorted(path.name for path in attempt.task.context().glob("*.go")):
            told = linked.source_path(data, name)
            if told is not None:
                return unmet(
                    f"the program names its source as {told}. Whoever has it reads the folder, "
                    "and built in another folder it would be another program. -ldflags does not "
                    "change that: add -trimpath.",
                    at=compiles(attempt),
                )
        return met("It names its source by the module's path.")

    return Requirement(
        text,
        look,
        (
            "A stack trace names source files. Which paths stand there?",
            "It is a flag of go build itself, not of the linker.",
            f"go build -trimpath {_FLAGS} -o myapp",
        ),
    )


def only_the_program(text: str = "The image is the program, and little else.") -> Requirement:
    """All layers together hold at most `MOST` times the bytes of the program."""

    def look(attempt: Attempt) -> Found:
        data = carried(attempt)
        if data is None:
            return waiting()
        image = attempt.xray
        if image.size_bytes <= MOST * len(data):
            return met(f"{len(data) / image.size_bytes:.1%} of the image are the program.")
        path = program.located(attempt) or ""
        wrote = image.layer_of(path)
        spare = {
            layer.index: layer.size_bytes - (len(data) if layer.index == wrote else 0)
            for layer in image.layers
        }
        index = max(spare, key=lambda each: spare[each])
        beside = f"{humane_bytes(spare[index])} beside the program's {humane_bytes(len(data))}"
        at = attempt.layer_instruction(index)
        if at is not None:
            return unmet(
                f"this puts {beside} into the image. Layers ship whole, even what a later one "
                "hides. COPY only the one file that is started.",
                at=at,
            )
        return unmet(
            f"this base brings {beside}. A static program needs none of it: FROM scratch.",
            at=attempt.chain[-1].instructions[0] if attempt.chain else None,
        )

    return Requirement(
        text,
        look,
        (
            "xray(image).layers shows which instruction brings how many bytes.",
            "What of its base does a static program use? And what else was copied?",
            'FROM scratch, COPY --from=builder /app/myapp /myapp and ENTRYPOINT ["/myapp"].',
        ),
    )
