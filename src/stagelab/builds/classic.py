"""Understand a classic build: from the text that it prints to the steps of the Dockerfile."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stagelab.builds.dockerfile import Dockerfile, Instruction
from stagelab.builds.events import (
    Observer,
    StepCached,
    StepCompleted,
    StepFailed,
    StepLog,
    StepStarted,
)
from stagelab.builds.facts import Step
from stagelab.builds.keptlog import KeptLog
from stagelab.builds.masking import Masker

if TYPE_CHECKING:
    from collections.abc import Mapping

# Docker's engine writes "Step 2/5 : RUN …" and " ---> 0123456789ab", Podman "STEP 2/5: RUN …".
_STEP = re.compile(r"^STEP (\d+)/\d+ ?: (.*)", re.IGNORECASE | re.DOTALL)
_CACHED = re.compile(r"^ ?-+> Using cache", re.IGNORECASE)
_IMAGE = re.compile(r"^ ---> ([0-9a-f]{12,64})\s*$")
# What programs print must not be taken for this: pip, too, says "Successfully built". So the
# builder's own lines are told by their form, an arrow or words that end with an ID: what it does
# with its containers it says in other words from version to version.
_NOISE = re.compile(
    r"^(?: -+> (?:(?:[A-Z][a-z]+ [a-z ]*)?[0-9a-f]{12}|\[Warning\] .*|)|-+> [0-9a-f]{12,64}|"
    r"Remov(?:ing|ed) intermediate container [0-9a-f]{12}|Successfully built [0-9a-f]{12}|"
    r"Successfully tagged \S+)\s*$"
)


@dataclass(slots=True)
class _Running:
    number: int
    text: str
    started: float
    stage: str | None
    line: int | None
    completed: float | None = None
    cached: bool = False
    fetched: bool = False
    error: str = ""
    log: KeptLog = field(default_factory=KeptLog)

    @property
    def key(self) -> str:
        return str(self.number)


class ClassicDecoder:
    """Read the lines of a classic stream.

    Args:
        source: The Dockerfile; its instructions are the steps, in the order of the file.
        target: The stage to stop at, None for the last one.
        observe: Is told each event as it happens.
        masker: Keeps secrets out of the logs; an engine that was asked for BuildKit may answer in
            the classic form.
    """

    def __init__(
        self,
        source: Dockerfile,
        target: str | None,
        observe: Observer,
        masker: Masker | None = None,
    ) -> None:
        self._masker = masker or Masker()
        self._places = _places(source, target)
        self._observe = observe
        self._steps: list[_Running] = []
        self._beyond = False
        self._makes = False
        self._made: list[str] = []

    def feed(self, line: Mapping[str, Any]) -> None:
        """Take one line of the stream."""
        text = line.get("stream")
        if not isinstance(text, str):
            # What else comes in between tells of the layers of a base that is pulled.
            if "status" in line and self._steps:
                self._steps[-1].fetched = True
            return
        step = _STEP.match(text)
        image = _IMAGE.match(text)
        if step:
            self._end()
            self._makes = not step.group(2).upper().startswith("FROM ")
            # Labels given with the request come as further steps, which the Dockerfile has not.
            self._beyond = int(step.group(1)) not in self._places
            if not self._beyond:
                self._begin(int(step.group(1)), step.group(2).strip())
        elif image:
            self._made += [image.group(1)] if self._makes else []
        elif _CACHED.match(text):
            self._makes = False
            if self._steps and not self._beyond:
                self._steps[-1].cached = True
        elif self._steps and not self._beyond:
            self._describe(self._steps[-1], text)

    def finish(self, error: str = "") -> None:
        """The stream is at its end: so is the last step, with `error` if there was one."""
        if error and self._steps and self._steps[-1].completed is None:
            self._steps[-1].error = error
        self._end()

    def steps(self) -> tuple[Step, ...]:
        """Give all steps, in order."""
        return tuple(
            Step(s.stage, s.text, s.line, s.started, s.completed, s.cached, str(s.log), s.error)
            for s in self._steps
        )

    def made_images(self) -> tuple[str, ...]:
        """Give the IDs (as printed, shortened) of the intermediate images that this build made."""
        return tuple(self._made)

    def _begin(self, number: int, text: str) -> None:
        stage, line = self._places[number]
        step = _Running(number, text, time.time(), stage, line)
        self._steps.append(step)
        self._observe(StepStarted(step.key, stage, text, line, step.started))

    def _describe(self, step: _Running, text: str) -> None:
        if not _NOISE.match(text) and (text.strip() or step.log):
            # Docker's engine paints stderr red.
            text = text.removeprefix("\x1b[91m").removesuffix("\x1b[0m")
            self._tell(step, self._masker.feed(step.key, text))

    def _tell(self, step: _Running, text: str) -> None:
        if text:
            step.log.append(text)
            self._observe(StepLog(step.key, text))

    def _end(self) -> None:
        if not self._steps or self._steps[-1].completed is not None:
            return
        step = self._steps[-1]
        self._tell(step, self._masker.flush(step.key))
        step.completed = time.time()
        # As on BuildKit, a FROM counts as cached if its image was here.
        here = step.text.upper().startswith("FROM ") and not step.fetched and not step.error
        step.cached = step.cached or here
        if step.error:
            self._observe(StepFailed(step.key, step.error))
        else:
            kind = StepCached if step.cached else StepCompleted
            self._observe(kind(step.key, step.completed))


def _places(source: Dockerfile, target: str | None) -> dict[int, tuple[str | None, int | None]]:
    """Tell stage and line of each step: the classic builder counts every instruction."""
    last = source.built(target)
    stages = source.stages[: last.index + 1] if last else source.stages
    placed: list[tuple[str | None, Instruction]] = [(None, i) for i in source.preamble]
    placed += [(stage.name, i) for stage in stages for i in stage.instructions]
    return {number: (stage, i.line) for number, (stage, i) in enumerate(placed, start=1)}
