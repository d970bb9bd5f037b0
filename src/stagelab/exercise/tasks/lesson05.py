"""Lesson 05: name, target and reuse stages."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from stagelab.builds.edges import chain, stage_edges
from stagelab.errors import BuildFailed
from stagelab.exercise.arguments import HIDDEN, built_with, hiding, no_value
from stagelab.exercise.behaviours import predicted
from stagelab.exercise.compiling import BUILD_CACHE, GO, quickened
from stagelab.exercise.requirements import builds, prints, ships_no_source, ships_no_toolchain
from stagelab.exercise.targets import begins, failure_after, missing, said, target
from stagelab.exercise.task import Found, Requirement, Task, met, unmet, waiting

if TYPE_CHECKING:
    from pathlib import Path

    from stagelab.builds import Instruction, StageSource
    from stagelab.exercise.attempt import Attempt

_APP = "go-about"
_RELEASE = "release build"
_DEBUG = "debug build"
_ON_TOP = "FROM alpine:3.22 AS put-on-top-by-the-check\nWORKDIR /nothing\n\n"

_DEFAULT = "0.9.0"
_LABEL = "org.opencontainers.image.version"


def _takes(attempt: Attempt) -> tuple[Instruction | None, StageSource | None]:
    """Find the last COPY of what ships that takes from a stage, and that stage."""
    for stage in attempt.chain:
        for edge in reversed(stage_edges(attempt.source, stage)):
            if edge.kind == "COPY" and edge.origin_index is not None:
                return attempt.instruction_at(edge.line), attempt.source.stages[edge.origin_index]
    return None, None


def _ships_release(attempt: Attempt) -> Found:
    shipped = attempt.run
    if not (shipped.ok and _DEBUG in shipped.stdout):
        return _PRINTS_RELEASE.look(attempt)
    copy, origin = _takes(attempt)
    if copy is None or origin is None:
        return unmet(
            "the last stage is the one that ships, and this one makes the debug build.",
            at=attempt.begins,
            detail=shipped.stdout,
        )
    which = f"{origin.name!r}" if origin.named else f"number {origin.index}"
    return unmet(
        f"the image ships the debug build: this takes the program from stage {which}, which begins "
        f"in line {origin.line}. The engine did not complain, because that stage has a file of "
        "this path too. Name the stage that makes the release build, and take from that.",
        at=copy,
        detail=shipped.stdout,
    )


_PRINTS_RELEASE = prints(_RELEASE, f"The image that ships prints that it is a {_RELEASE}.")


def _debug_target(attempt: Attempt) -> Found:
    absent = missing(attempt, "debug", "the debug build") if attempt.source.stages else waiting()
    if absent is not None:
        return absent
    printed = said(attempt, target(attempt, "debug"))
    if _DEBUG in printed:
        return met(f"It prints: {printed.strip()}")
    if _RELEASE in printed:
        return unmet(
            "the target debug starts a release build. The debug build is made by "
            "go build -tags debug.",
            at=begins(attempt, "debug"),
            detail=printed,
        )
    return unmet(
        "the image of the target debug does not print that it is a debug build. A target's image "
        "starts what its own stage says: it needs an ENTRYPOINT and the program.",
        at=begins(attempt, "debug"),
        detail=printed,
    )


def _bears_a_stage_on_top(attempt: Attempt) -> Found:
    shipped = attempt.run  # what does not build or run at all is told by earlier requirements
    lines = attempt.text.splitlines(keepends=True)
    first = attempt.source.stages[0].line - 1
    changed = "".join([*lines[:first], _ON_TOP, *lines[first:]])
    counted = next(
        (i for i in attempt.source.instructions if (i.flag("from") or "").isdigit()), None
    )
    cure = "A name goes with its stage: write AS behind its FROM, and --from=NAME here."
    try:
        made = target(attempt, None, changed)
    except BuildFailed as error:
        return unmet(
            f"with one more stage on top this counts to another stage, and the build fails. {cure}",
            at=counted,
            detail=error.detail,
        )
    printed = said(attempt, made)
    if printed == shipped.output:
        return met("With one more stage on top it ships the same.")
    return unmet(
        "this counts stages, and with one more stage on top it takes from another one, without a "
        f"word from the builder. {cure}",
        at=counted,
        detail=printed,
    )


def _tests_target(attempt: Attempt) -> Found:
    absent = missing(attempt, "test", "the test run") if attempt.source.stages else waiting()
    if absent is not None:
        return absent
    failed = attempt.once("tests failing", lambda: (failure_after(attempt, "test", _spoil),))[0]
    if failed is None:
        return unmet(
            "the target test builds although the tests fail: nothing in its build runs them, or "
            "something hides that they failed. Write RUN go test ./... in this stage. CMD would "
            "run them only when a container starts.",
            at=begins(attempt, "test"),
        )
    target(attempt, "test")  # if it fails as it is, that is the thing to tell
    if "FAIL" in failed.log or "go test" in f"{failed.step} {failed.detail}":
        if _runs_the_tests(attempt):
            return met("If the tests fail, the target test does not build.")
        return unmet(
            "this compiles the tests and does not run them, or not all: a test that fails does "
            "not stop the build. Write RUN go test ./...",
            at=attempt.instruction_at(failed.line),
        )
    return unmet(
        "if the tests fail, the target test stops, but not because of them: go test runs them.",
        at=attempt.instruction_at(failed.line),
        detail=failed.detail,
    )


def _spoil(context: Path) -> None:
    """Break a test in a way that `go test` sees before it compiles, so that it fails at once."""
    tests = context / "main_test.go"
    tests.write_text(tests.read_text(encoding="utf-8") + "\nbroken by the check\n", "utf-8")


def _runs_the_tests(attempt: Attempt) -> bool:
    """Whether a test that fails stops the target test; a slower question than `_spoil`'s."""
    failed = attempt.once(
        "a test failing", lambda: (failure_after(attempt, "test", _fail, quickened(attempt)),)
    )[0]
    return failed is not None


def _fail(context: Path) -> None:
    """Add a test that fails."""
    tests = context / "main_test.go"
    failing = '\nfunc TestOfTheCheck(t *testing.T) { t.Fatal("broken by the check") }\n'
    tests.write_text(tests.read_text(encoding="utf-8") + failing, "utf-8")


def _debug_has_a_shell(attempt: Attempt) -> Found:
    if attempt.source.stage("debug") is None:
        return waiting()
    printed = said(attempt, target(attempt, "debug"), "-c", "echo here", entrypoint=["sh"])
    if printed.strip() == "here":
        return met("It has a shell.")
    return unmet(
        "there is no shell in the image of the target debug, and whoever debugs wants to look "
        "around. Let it start from a base that has one.",
        at=begins(attempt, "debug"),
        detail=printed,
    )


def _one_source(attempt: Attempt) -> Found:
    if not attempt.source.stages or attempt.stage is None:
        return waiting()
    makers = {"what ships": _takes(attempt)[1] or attempt.stage}
    for name in ("test", "debug"):
        stage = attempt.source.stage(name)
        if stage is None:
            return waiting()
        copied = [
            attempt.source.stages[edge.origin_index]
            for edge in stage_edges(attempt.source, stage)
            if edge.kind == "COPY" and edge.origin_index is not None
        ]
        makers[name] = copied[-1] if copied else stage
    chains = [chain(attempt.source, stage) for stage in makers.values()]
    shared = [s for s in chains[0] if all(s in others for others in chains[1:])]
    if not shared:
        stage = next(s for s in makers.values() if s != makers["what ships"])
        return unmet(
            f"{stage.name!r} and the stage that makes the program have no stage in common, so what "
            "they need stands in the file more than once, and must be changed more than once. Let "
            "a first stage bring the source, and begin the others FROM its name.",
            at=stage.instructions[0],
        )
    for stage in attempt.source.stages:
        again = [i for i in stage.instructions if _from_context(i)]
        if again and stage not in shared:
            return unmet(
                f"this stage takes from the context by itself, though {shared[0].name!r} is there "
                "for all: leave it to that stage.",
                at=again[0],
            )
    return met(f"They share stage {shared[0].name!r}, and it alone takes from the context.")


def _from_context(instruction: Instruction) -> bool:
    mounted = any(
        mount.get("type", "bind") == "bind" and not mount.get("from")
        for mount in instruction.mounts
    )
    return mounted or (instruction.keyword in {"COPY", "ADD"} and not instruction.flag("from"))


def _compiles(attempt: Attempt) -> Instruction | None:
    """Find the instruction that makes the program that ships: the last one that names Go."""
    stage = _takes(attempt)[1] or attempt.stage
    for each in chain(attempt.source, stage):
        found = [i for i in each.instructions if i.keyword == "RUN" and "go " in i.value]
        if found:
            return found[-1]
    return None


def _says(version: str) -> str:
    return f'version "{version}"'


def _program_default(attempt: Attempt) -> Found:
    printed = attempt.run.stdout
    at = _compiles(attempt)
    if _says(_DEFAULT) in printed:
        return met(f"It prints: {printed.strip()}")
    if not attempt.run.ok or at is None:
        return _PRINTS_RELEASE.look(attempt)
    if _says("") in printed:
        why = no_value(attempt, "VERSION", _DEFAULT, at)
        return unmet(
            f"the version is empty: VERSION has no value here. {why}", at=at, detail=printed
        )
    if "VERSION" in printed:
        return unmet(
            "the program got the name of the variable in place of its value: in single quotes a "
            'shell puts nothing in. Write double quotes: -ldflags "-X main.version=${VERSION}".',
            at=at,
            detail=printed,
        )
    return unmet(
        f"without a build argument the version is to be {_DEFAULT}.", at=at, detail=printed
    )


def _other(attempt: Attempt) -> str:
    """Give a version that no build has seen, so that its steps are not cached."""
    return attempt.once("other version", lambda: f"2.0.{secrets.randbelow(10**9)}")


def _program_follows(attempt: Attempt) -> Found:
    if not attempt.run.ok:
        return waiting()
    version = _other(attempt)
    printed = said(attempt, built_with(attempt, "VERSION", version))
    if _says(version) in printed:
        return met(f"With VERSION={version} it prints: {printed.strip()}")
    at = _compiles(attempt)
    setting = hiding(attempt, "VERSION", at)
    if setting is not None:
        return unmet(HIDDEN, at=setting, detail=printed)
    why = (
        no_value(attempt, "VERSION", _DEFAULT, at)
        if at is not None and "VERSION" in at.value
        else "This does not use VERSION: write main.version=${VERSION} for the linker."
    )
    return unmet(
        f"with VERSION={version} the program does not say so. {why}", at=at, detail=printed
    )


def _label_follows(attempt: Attempt) -> Found:
    other = _other(attempt)
    wanted = {_DEFAULT: attempt.build, other: built_with(attempt, "VERSION", other)}
    for version, made in wanted.items():
        found = made.image.labels.get(_LABEL)
        if found == version:
            continue
        at = next(
            (i for i in attempt.source.instructions if i.keyword == "LABEL" and _LABEL in i.value),
            None,
        )
        if at is None:
            return unmet(f"The image has no label {_LABEL}: write LABEL in the last stage.")
        if found is None:
            return unmet("this labels a stage that does not ship: write it in the last one.", at=at)
        if found:
            return unmet(
                f"with VERSION={version} this label says {found!r}. Let it use ${{VERSION}}.", at=at
            )
        return unmet(
            f"the label is empty. {no_value(attempt, 'VERSION', _DEFAULT, at)} "
            "Each stage that uses a build argument declares it for itself.",
            at=at,
        )
    return met(f"It says {', '.join(wanted)}, as the program does.")


def _only_links(attempt: Attempt) -> Found:
    attempt.build  # noqa: B018 - what does not build at all is told by another requirement
    made = built_with(attempt, "VERSION", _other(attempt))
    runs = [step for step in made.steps if step.instruction.startswith("RUN ")]
    again = [step for step in runs if not step.cached]
    kept = [step for step in runs if step.cached and GO.search(step.instruction)]
    mounted = any(BUILD_CACHE in step.instruction for step in again)
    if (kept or mounted) and len(again) <= 1:
        return met("With another version one RUN ran again, and what it needs came from the cache.")
    at = attempt.instruction_at(again[0].line) if again else None
    if not kept and len(again) <= 1:
        return unmet(
            "this compiles and links in one step, so another version compiles all anew. Keep the "
            "RUN that compiles, above the ARG: go build -o /dev/null . fills Go's cache.",
            at=at,
        )
    return unmet(
        "with another version this ran again, though it does not use it. From its line on, an ARG "
        "is part of what every RUN of its stage runs with: declare it just above the RUN that "
        "uses it.",
        at=at,
    )


TASKS = (
    Task(
        id="05-1",
        title="Repair what an inserted stage broke",
        app=_APP,
        first="Build it and run it: which build does it ship? Then count the stages from 0, and "
        "look at which one the last stage takes from.",
        requirements=(
            builds(),
            Requirement(
                _PRINTS_RELEASE.text,
                _ships_release,
                (
                    "--from=0 is the first stage of the file. Which one is that now?",
                    "Give both stages a name by AS, and let COPY ask for the one that ships.",
                    "FROM golang:1.27 AS builder for the second stage, and COPY --from=builder "
                    "/app/myapp . in the last one.",
                ),
            ),
            Requirement(
                "The target debug starts the debug build.",
                _debug_target,
                (
                    "build(folder, dockerfile=answer, target=...) asks for a stage by its name.",
                    "The stage with -tags debug is the one that is to be asked for.",
                    "FROM golang:1.27 AS debug for the stage with go build -tags debug.",
                ),
            ),
            Requirement(
                "One more stage on top changes nothing of that.",
                _bears_a_stage_on_top,
                (
                    "What does a number in --from mean when stages are put in front?",
                    "A name stays with its stage, wherever that is.",
                    "No number in any --from: COPY --from=builder /app/myapp .",
                ),
            ),
            ships_no_toolchain(),
        ),
        hints=(
            "Stages have numbers, from 0, in the order of the file. What has changed about them?",
            "AS gives a stage a name that moves with it. COPY --from and target take that name.",
            "AS debug behind the first FROM, AS builder behind the second, and COPY "
            "--from=builder in the last stage.",
        ),
    ),
    Task(
        id="05-2",
        title="Bring the version into its stages",
        app=_APP,
        first="Say first what the program prints as it is. Then build it, run it, and look where "
        "the ARG stands and who uses it.",
        requirements=(
            predicted(),
            builds(),
            Requirement(
                f"Without a build argument the program says {_says(_DEFAULT)}.",
                _program_default,
                (
                    "Which instructions see an ARG that stands before the first FROM?",
                    "A stage has to ask for it: ARG with the name alone takes the value over.",
                    "ARG VERSION in the builder stage, above the RUN with -ldflags.",
                ),
            ),
            Requirement(
                "With the build argument VERSION it says that version.",
                _program_follows,
                (
                    "Where does the value of a build argument arrive, and does the linker get it?",
                    "ARG declares a build argument, ENV does not. The linker gets "
                    '"-X main.version=${VERSION}", in double quotes.',
                    "ARG VERSION in the builder stage, above the RUN with -ldflags, and no ENV of "
                    "that name.",
                ),
            ),
            Requirement(
                f"The image's label {_LABEL} says the same.",
                _label_follows,
                (
                    "In which stage does the LABEL stand? What does that stage know of VERSION?",
                    "What one stage declares, another does not see. It has to ask for itself.",
                    "ARG VERSION in the last stage as well, above LABEL.",
                ),
            ),
            Requirement(
                "Another version compiles nothing anew: only the RUN that links runs again.",
                _only_links,
                (
                    "Build twice with different versions and look which steps were cached. From "
                    "which line on do they run again?",
                    "An ARG changes every RUN of its stage that is below it, whether it uses it "
                    "or not.",
                    "ARG VERSION between the RUN that compiles and the RUN with -ldflags.",
                ),
            ),
        ),
        hints=(
            "An ARG before the first FROM is for FROM lines. Who else needs this one?",
            "ARG VERSION, without a value, takes it over into a stage, from that line on. Two "
            "stages use it.",
            "Keep the first line. ARG VERSION above the RUN with -ldflags, and again above LABEL.",
        ),
    ),
    Task(
        id="05-3",
        title="Design one file for testing, debugging and shipping",
        app=_APP,
        first="Begin with the stage that the others share: Go, the work folder, the source.",
        requirements=(
            builds(),
            _PRINTS_RELEASE,
            Requirement(
                "The target test runs the tests: it does not build if they fail.",
                _tests_target,
                (
                    "Which instruction runs a command while the image is built?",
                    "go test ends with an error if a test fails, and a RUN that fails stops the "
                    "build. It needs the source and Go.",
                    "A stage AS test, FROM the stage with the source, with RUN go test ./...",
                ),
            ),
            Requirement(
                "The target debug starts the debug build.",
                _debug_target,
                (
                    "A target's image starts what its own stage says.",
                    "go build -tags debug makes the program, ENTRYPOINT starts it.",
                    "A stage AS debug with RUN go build -tags debug -o myapp and ENTRYPOINT "
                    '["./myapp"].',
                ),
            ),
            Requirement(
                "The target debug has a shell to look around.",
                _debug_has_a_shell,
                (
                    "Which of the base images have a shell?",
                    "golang, debian and alpine have one, scratch has none.",
                    "Begin debug FROM the stage with the source, which has golang below it.",
                ),
            ),
            Requirement(
                "One stage takes the source from the context, and all that compile begin with it.",
                _one_source,
                (
                    "How often does the file say how the source comes in?",
                    "FROM takes the name of an earlier stage, and begins with all its files.",
                    "FROM golang:1.27 AS source, WORKDIR /app, COPY . ., and then FROM source AS "
                    "test, FROM source AS debug, FROM source AS builder.",
                ),
            ),
            ships_no_toolchain(),
            ships_no_source(),
        ),
        hints=(
            "Five jobs: bring the source, test, debug, compile, ship. The middle three begin where "
            "the first one ends.",
            "FROM source AS test begins with the files, the work folder and the tools of the stage "
            "source. The last stage has a base of its own.",
            "source: FROM golang:1.27, WORKDIR, COPY. test: RUN go test ./... debug: RUN go build "
            "-tags debug -o myapp, ENTRYPOINT. builder: RUN go build -o myapp. Last: FROM "
            "alpine:3.22, COPY --from=builder, ENTRYPOINT.",
        ),
    ),
)
