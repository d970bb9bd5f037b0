"""One learner's answer, built, run and looked at once, when a requirement first asks."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from stagelab.bases.modules import module_proxy
from stagelab.builds import Build, Dockerfile, DockerfileText, Instruction, build, parse
from stagelab.builds.edges import chain
from stagelab.containers import Run, run
from stagelab.engine import temporary
from stagelab.engine.labels import session
from stagelab.errors import StagelabError
from stagelab.exercise.limits import BUILD_DISK_BYTES, BUILD_SECONDS
from stagelab.image import XRay, xray

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import docker

    from stagelab.builds import StageSource
    from stagelab.exercise.task import Task

Made = TypeVar("Made")

_TASK_LABEL = "org.stagelab.task"

_MOUNTS = "BUILDKIT_CACHE_MOUNT_NS"
"""BuildKit's own build argument: names the set of cache mounts that a build sees."""


class Attempt:
    """An answer to a task.

    Builds have a limit of time and of disk (`limits`). What is asked for is made once. If making it
    failed, asking again raises the same error object, so that a check can tell a cause from what
    merely follows from it.

    Args:
        task: The task.
        text: The learner's Dockerfile.
        client: The engine; None for the one that `connect` finds.
    """

    def __init__(self, task: Task, text: str, *, client: docker.DockerClient | None = None) -> None:
        self.task = task
        self.text = text
        self.client = client
        self._made: dict[str, object] = {}

    @cached_property
    def source(self) -> Dockerfile:
        """The answer, parsed."""
        return parse(self.text)

    @property
    def stage(self) -> StageSource | None:
        """The stage that is built, None if the answer has no such stage."""
        return self.source.built(self.task.target)

    @property
    def chain(self) -> tuple[StageSource, ...]:
        """The stage that is built, the stage that it starts from, and so on."""
        return self.down_from(self.stage)

    def down_from(self, stage: StageSource | None) -> tuple[StageSource, ...]:
        """Give a stage, the stage that it starts from, and so on; the last has an image below."""
        return chain(self.source, stage)

    @property
    def build(self) -> Build:
        """The answer, built.

        Raises:
            BuildError: It does not build.
        """
        return self.once("build", self._build)

    @property
    def run(self) -> Run:
        """The built image, run as it starts by itself.

        Raises:
            BuildError: It does not build.
            RunTimeout: It does not end.
        """
        return self.once("run", lambda: run(self.build, client=self.client))

    @property
    def xray(self) -> XRay:
        """The built image, looked into.

        Raises:
            BuildError: It does not build.
            ImageError: The image cannot be read.
        """
        return self.once("xray", lambda: xray(self.build, client=self.client))

    @property
    def config(self) -> dict[str, Any]:
        """The built image's settings, as the engine gives them.

        Raises:
            BuildError: It does not build.
        """
        return dict(self.build.image.attrs["Config"])

    @property
    def layers(self) -> tuple[str, ...]:
        """The diff IDs of the built image's layers, as the engine gives them.

        An image without any cannot be looked into: engines do not give it out.

        Raises:
            BuildError: The answer does not build.
        """
        return tuple(self.build.image.attrs["RootFS"].get("Layers") or ())

    def instruction(self, *keywords: str) -> Instruction | None:
        """Find the last instruction of the built stage that has one of these keywords."""
        found = [
            i for i in (self.stage.instructions if self.stage else ()) if i.keyword in keywords
        ]
        return found[-1] if found else None

    def layer_instruction(self, layer: int) -> Instruction | None:
        """Find the instruction that made a layer, None if the base image brought it.

        Args:
            layer: Index of the layer in `xray.layers`.

        Raises:
            BuildError: The answer does not build.
            ImageError: The image cannot be read.
        """
        left = self._lineage()
        for record in reversed(self.xray.layers):
            keyword = record.instruction.partition(" ")[0].upper()
            # The classic builder records the labels of the call as one LABEL more.
            if not left or left[-1].keyword != keyword:
                continue
            instruction = left.pop()
            if record.index == layer:
                return instruction
        return None

    def instruction_at(self, line: int | None) -> Instruction | None:
        """Find the instruction that a line of the answer belongs to."""
        if line is None:
            return None
        return next((i for i in self.source.instructions if i.line <= line <= i.end_line), None)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """Make something once under a name; a StagelabError is kept and raised again."""
        if name not in self._made:
            try:
                self._made[name] = make()
            except StagelabError as error:
                self._made[name] = error
        made = self._made[name]
        if isinstance(made, StagelabError):
            raise made
        return cast("Made", made)

    def _lineage(self) -> list[Instruction]:
        """Give the instructions of the built stage and of the stages that it starts from."""
        lineage: list[Instruction] = []
        for stage in self.chain:
            lineage = [i for i in stage.instructions if i.keyword != "FROM"] + lineage
        return lineage

    @cached_property
    def buildargs(self) -> dict[str, str]:
        """What the task's builds are given for ARG.

        Raises:
            BaseError: The task needs Go modules that are not here and cannot be had.
        """
        if not self.task.modules:
            return {}
        return {"GOPROXY": module_proxy(self.task.context(), client=self.client)}

    @property
    def begins(self) -> Instruction | None:
        """The FROM of the stage that is built, None if the answer has no such stage."""
        return self.stage.instructions[0] if self.stage else None

    def variant(
        self,
        *,
        text: str | None = None,
        context: Path | None = None,
        target: str | None = None,
        buildargs: Mapping[str, str] | None = None,
        nocache: bool = False,
    ) -> Build:
        """Build the answer in another way, quietly; each time anew, other than `build`.

        Args:
            text: A changed Dockerfile, None for the answer.
            context: A folder in place of the task's.
            target: A stage in place of the task's.
            buildargs: Further values for ARG.
            nocache: Run every step, even if its result is cached.

        Raises:
            BuildError: It does not build.
        """
        # Without cache BuildKit empties the cache mounts, which other kernels on the engine share.
        spared = {_MOUNTS: session()} if nocache else {}
        return build(
            context or self.task.context(),
            dockerfile=DockerfileText(self.text if text is None else text),
            target=target or self.task.target,
            buildargs={**self.buildargs, **spared, **(buildargs or {})},
            nocache=nocache,
            timeout=BUILD_SECONDS,
            disk=BUILD_DISK_BYTES,
            quiet=True,
            client=self.client,
        )

    @contextmanager
    def copied_context(self, name: str = "context") -> Iterator[Path]:
        """Give a copy of the task's context in a folder of this name, which goes at the end."""
        with temporary.folder("context") as folder:
            copy = Path(folder, name)
            shutil.copytree(self.task.context(), copy)
            yield copy

    def _build(self) -> Build:
        return build(
            self.task.context(),
            dockerfile=DockerfileText(self.text),
            target=self.task.target,
            buildargs=self.buildargs,
            tag=self.task.tag,
            labels={_TASK_LABEL: self.task.id},
            timeout=BUILD_SECONDS,
            disk=BUILD_DISK_BYTES,
            client=self.client,
        )
