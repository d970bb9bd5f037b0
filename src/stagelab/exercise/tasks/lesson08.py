"""Lesson 08: cache mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.builds.edges import needed
from stagelab.exercise.behaviours import predicted
from stagelab.exercise.compiling import BUILD_CACHE, MODULE_CACHE, compiles_little, keeps_modules
from stagelab.exercise.requirements import (
    builds,
    prints,
    ships_no_source,
    ships_no_toolchain,
)
from stagelab.exercise.task import Found, Requirement, Task, met, unmet
from stagelab.image import XRay, xray
from stagelab.show.style import humane_bytes

if TYPE_CHECKING:
    from stagelab.builds import Instruction, StageSource
    from stagelab.exercise.attempt import Attempt

_APP = "go-modules"
_CHECKSUM = "9416aca903d20d2d"
"""What the sample app prints for the text "stagelab"."""

_PRINTS = "The image starts the program, which prints a checksum."
_SOURCE = ("main.go", "go.mod", "go.sum")


def _leaves_no_cache(attempt: Attempt) -> Found:
    caches = (f"{BUILD_CACHE}/", f"{MODULE_CACHE}/")
    for stage, image in _working_images(attempt):
        kept = [path for path in _held(image) if path.startswith(caches)]
        if not kept:
            continue
        folder = next(cache for cache in caches if kept[0].startswith(cache)).rstrip("/")
        size = sum(entry.size for entry in image.tree if entry.path.startswith(f"{folder}/"))
        return unmet(
            f"the layers of stage {stage.name!r} hold {folder}, {humane_bytes(size)}. Mount a "
            f"cache there, in each RUN that uses it: --mount=type=cache,target={folder}. What is "
            "written to a mount gets into no layer.",
            at=_wrote(stage, image, kept[0]),
        )
    return met("Go's caches are in no layer.")


def _leaves_no_source(attempt: Attempt) -> Found:
    for stage, image in _working_images(attempt):
        kept = [
            path
            for path in _held(image)
            if path.rpartition("/")[2] in _SOURCE
            and not path.startswith(("/usr/local/go/", f"{MODULE_CACHE}/"))
        ]
        if kept:
            return unmet(
                f"the layers of stage {stage.name!r} hold {kept[0]}. RUN can read the build "
                "context without a copy of it: mount it, by --mount=type=bind,target=. in the "
                "work folder.",
                at=_wrote(stage, image, kept[0]),
            )
    return met("The source was read, and is in no layer.")


def _working_images(attempt: Attempt) -> list[tuple[StageSource, XRay]]:
    """Build and x-ray every stage that the one that ships needs, without that one.

    Raises:
        BuildError: One does not build.
        ImageError: One cannot be read.
    """
    attempt.build  # noqa: B018 - what does not build at all is told by another requirement
    if attempt.stage is None:
        return []
    wanted = needed(attempt.source, attempt.stage) - {attempt.stage.index}
    stages = [stage for stage in attempt.source.stages if stage.index in wanted]
    return [(stage, _image_of(attempt, stage)) for stage in stages]


def _image_of(attempt: Attempt, stage: StageSource) -> XRay:
    lines = attempt.text.splitlines()[: stage.instructions[-1].end_line]

    def look() -> XRay:
        made = attempt.variant(text="\n".join(lines) + "\n")
        return xray(made, client=attempt.client)

    return attempt.once(f"stage {stage.index}", look)


def _held(image: XRay) -> list[str]:
    """Give the paths of all files in all layers, those that a later layer hides at the end."""
    return [e.path for e in image.tree if e.kind == "file"] + [i.path for i in image.waste.worst]


def _wrote(stage: StageSource, image: XRay, path: str) -> Instruction | None:
    """Find the instruction of a stage that wrote a file into a layer."""
    history = image.history_of(path)
    if not history:
        return None
    said = " ".join(history[0].instruction.split())
    own = stage.instructions[1:]
    same = [i for i in own if " ".join(i.arguments.split()) in said]
    return same[0] if same else None


TASKS = (
    Task(
        id="08-1",
        title="Compile only what changed",
        app=_APP,
        modules=True,
        first="Choose a prediction first. Then find the RUN that compiles, and ask where Go keeps "
        "what it has compiled before.",
        requirements=(
            builds(),
            predicted(),
            prints(_CHECKSUM, _PRINTS),
            compiles_little(
                "Which RUN compiles, and what of its earlier work does it find when it runs again?",
                "A cache mount outlives the build. It must be at the folder in which Go keeps its "
                "build cache, in the RUN that compiles.",
                f"RUN --mount=type=cache,target={BUILD_CACHE} go build -o /app/myapp",
            ),
            keeps_modules(
                "Where does the download put the module, and does the RUN that compiles see it "
                "there?",
                "What one RUN writes to a mount is not in the layer. Every RUN that needs it has "
                "to mount it.",
                f"Mount {MODULE_CACHE} in both RUN, or in none of the two.",
            ),
            ships_no_toolchain(),
        ),
        hints=(
            "A mount is an option of RUN, between RUN and its command.",
            f"Go keeps what it compiled in {BUILD_CACHE}.",
            f"RUN --mount=type=cache,target={BUILD_CACHE} go build -o /app/myapp",
        ),
    ),
    Task(
        id="08-2",
        title="Design a builder that leaves only the program",
        app=_APP,
        modules=True,
        first="The stage is there: write one RUN in it. List what its command reads and "
        "what it keeps for later, and mount each of these.",
        requirements=(
            builds(),
            prints(_CHECKSUM, _PRINTS),
            Requirement(
                "No layer of any stage holds the program's source.",
                _leaves_no_source,
                hints=(
                    "COPY writes a layer. How else can a RUN see the build context?",
                    "A bind mount lays the build context over a folder, to be read, while the "
                    "command runs.",
                    "RUN --mount=type=bind,target=. in place of COPY, with -o /app/myapp: a folder "
                    "outside the mount.",
                ),
            ),
            Requirement(
                "No layer of any stage holds a cache of Go.",
                _leaves_no_cache,
                hints=(
                    "Go keeps two things for later: what it compiled, and what it downloaded.",
                    f"The folders are {BUILD_CACHE} and {MODULE_CACHE}. One RUN takes several "
                    "--mount options.",
                    f"--mount=type=cache,target={BUILD_CACHE} and "
                    f"--mount=type=cache,target={MODULE_CACHE} in every RUN that calls go.",
                ),
            ),
            compiles_little(
                "What must a RUN find again, so that it need not compile everything?",
                f"A cache mount at {BUILD_CACHE} in the RUN that compiles.",
                f"RUN --mount=type=bind,target=. --mount=type=cache,target={BUILD_CACHE} "
                f"--mount=type=cache,target={MODULE_CACHE} go build -o /app/myapp",
            ),
            keeps_modules(
                "Where does go build put the module that it downloads?",
                f"In {MODULE_CACHE}, and the next RUN finds it there only if that is a cache "
                "mount, or a layer above.",
                f"--mount=type=cache,target={MODULE_CACHE} in the RUN that compiles.",
            ),
            ships_no_toolchain(),
            ships_no_source(),
        ),
        hints=(
            "A RUN with the right mounts needs no COPY above it.",
            "Three mounts: the build context, what Go compiled, what Go downloaded. The program "
            "goes to a folder that is none of them.",
            f"WORKDIR /src, then RUN --mount=type=bind,target=. with two cache mounts at "
            f"{BUILD_CACHE} and {MODULE_CACHE}, and go build -o /app/myapp.",
        ),
    ),
)
