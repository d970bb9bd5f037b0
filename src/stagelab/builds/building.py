"""`build`: one call for both builders."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import requests
from docker.errors import DockerException, NotFound

from stagelab import _render
from stagelab.bases.base import kind_of
from stagelab.builds import loading, sending
from stagelab.builds.buildkit import BuildKitDecoder
from stagelab.builds.classic import ClassicDecoder
from stagelab.builds.dockerfile import StageSource, parse
from stagelab.builds.edges import base_stage, needed
from stagelab.builds.events import Event, Observer
from stagelab.builds.explain import failure, stopped
from stagelab.builds.facts import BaseUse, Build, BuilderName, BuildWarning, Stage, Step
from stagelab.builds.guard import Guard
from stagelab.builds.loading import ContextSource
from stagelab.builds.masking import Masker
from stagelab.builds.order import Order
from stagelab.builds.platforms import automatic, check_platform
from stagelab.builds.secrets import SecretSource, read_secrets
from stagelab.builds.trace import TRACE_ID
from stagelab.engine import ledger
from stagelab.engine.connecting import connect
from stagelab.engine.labels import labels as course_labels
from stagelab.engine.lost import lost, watched, went_away
from stagelab.errors import BuildCancelled, BuildFailed, EngineUnreachable, OptionUnsupported

if TYPE_CHECKING:
    import docker

_ROBBED = re.compile(r"No such image: sha256:[0-9a-f]{12}|layer does not exist")
"""The classic builder took a step's image from its cache, and another kernel that tidied up removed
it before the next step. What is built anew uses it no more."""


def build(
    context: ContextSource = ".",
    *,
    dockerfile: str | os.PathLike[str] = "Dockerfile",
    target: str | None = None,
    buildargs: Mapping[str, str] | None = None,
    secrets: Mapping[str, SecretSource] | None = None,
    tag: str | None = None,
    labels: Mapping[str, str] | None = None,
    nocache: bool = False,
    pull: bool = False,
    network: str | None = None,
    platform: str | None = None,
    extra_hosts: Mapping[str, str] | None = None,
    shm_size: int | None = None,
    memory: int | None = None,
    timeout: float | None = None,
    disk: int | None = None,
    cache_from: Sequence[str] = (),
    builder: Literal["auto", "buildkit", "classic"] = "auto",
    quiet: bool = False,
    client: docker.DockerClient | None = None,
    observe: Observer | None = None,
) -> Build:
    """Build an image and tell what the builder did.

    Args:
        context: What to build from: a folder; a tar archive (its path, its bytes, or a file open
            for reading); or the text of a Dockerfile (any string with a line break), which is
            built without files. A `.dockerignore` in a folder or an archive is applied.
        dockerfile: A path relative to `context`, an absolute path, or the text of a Dockerfile
            (any string with a line break).
        target: Stop at this stage; None builds the last one.
        buildargs: Values for ARG. They stay in the image's history: no place for secrets.
        secrets: For `RUN --mount=type=secret,id=NAME`, by NAME: bytes, a `pathlib.Path`, or
            `stagelab.builds.Env("VARIABLE")`. BuildKit only. What a step prints of them is
            replaced by asterisks in every log, event and error.
        tag: Name for the image; None leaves it without one.
        labels: Further labels; the course's own are always set.
        nocache: Run every step, even if its result is cached.
        pull: Ask the registry for the newest base images, even if they are here.
        network: Of the RUN steps: "default", "none" or "host"; on the classic builder also the
            name of a network.
        platform: Build for another platform than the engine's, such as "linux/arm64".
        extra_hosts: Further host names for the RUN steps, name to address.
        shm_size: Of /dev/shm in the RUN steps, in bytes.
        memory: Most that a RUN step may use, in bytes, swap included; classic builder only. On
            BuildKit no engine has such a limit. The course's own engine has one for all that runs
            on it; beside any engine of this machine, a build with a `timeout` or a limit of `disk`
            is stopped when it leaves hardly any memory free.
        timeout: Seconds after which the build is stopped; None for never.
        disk: Bytes by which the free space of the engine's disk may fall before the build is
            stopped; None for all of it. Looked at only where that disk is this machine's, and what
            else writes to it counts.
        cache_from: Images whose steps count as cached.
        builder: "buildkit" and "classic" insist; "auto" takes BuildKit where the engine has it.
        quiet: Show no live view. The facts are the same.
        client: The engine; None for the one that `connect` finds.
        observe: Is called with each `stagelab.builds.events.Event`; None shows a live view in a
            notebook and in IPython's terminal, and nothing elsewhere.

    Raises:
        ContextError: The context, the Dockerfile or `.dockerignore` cannot be read.
        SecretUnavailable: A secret cannot be read.
        BuildFailed: An instruction failed; the error tells stage, step, line and the log's end.
        BuildStopped: It took more time, disk or memory than it may. Nothing of it goes on running.
        OptionUnsupported: The Dockerfile or the call wants what this builder lacks.
        BuildCancelled: Interrupted; nothing of the build goes on running on the engine.
        EngineConfigInvalid: Registry credentials cannot be read.
        EngineError: The engine cannot be reached.
    """
    began = time.monotonic()
    hidden = read_secrets(secrets)
    loaded = loading.load(context, dockerfile)
    client = client or connect()
    with watched("the build", client):
        order = Order(
            client=client,
            context=loaded,
            source=parse(
                loaded.dockerfile,
                buildargs,
                None if builder == "classic" else automatic(client, loaded.dockerfile, platform),
            ),
            target=target,
            buildargs=dict(buildargs or {}),
            tag=tag,
            labels={**course_labels(), **(labels or {})},
            nocache=nocache,
            pull=pull,
            network=network,
            platform=platform,
            extra_hosts=dict(extra_hosts or {}),
            shm_size=shm_size,
            memory=memory,
            cache_from=tuple(cache_from),
            secrets=hidden,
        )
        silent = observe is not None or quiet
        view = nullcontext(observe) if silent else _render.live("build", tag or loaded.name)
        with view as watching:
            cancel_by = None if builder == "classic" else order.id
            guard = partial(Guard, client, cancel_by, timeout=timeout, disk=disk)
            try:
                reader = _carry_out(order, builder, watching or _nobody, guard())
            except BuildFailed as error:
                if builder != "classic" or not _ROBBED.search(error.detail):
                    raise
                reader = _carry_out(order, builder, watching or _nobody, guard())
            built = _facts(order, reader, time.monotonic() - began)
            check_platform(order, built.image)
    return built


class _Reader:
    """Reads a stream and finds out from it which builder speaks.

    An engine that was asked for BuildKit and has none answers as the classic builder does.
    """

    def __init__(self, order: Order, observe: Observer, *, classic: bool) -> None:
        self._masker = Masker(order.secrets.reveal())
        self._trace = BuildKitDecoder(order.source, observe, self._masker)
        self._text = ClassicDecoder(order.source, order.target, observe, self._masker)
        self._classic = classic
        self._traced = False
        self.image_id = ""
        self.error = ""

    def feed(self, line: Mapping[str, Any]) -> None:
        self._traced = self._traced or line.get("id") == TRACE_ID
        self._classic = self._classic or ("stream" in line and not self._traced)
        if isinstance(line.get("aux"), dict):
            self.image_id = str(line["aux"].get("ID", self.image_id))
        self.error = self._masker.mask(str(line.get("error") or self.error))
        if self._classic:
            self._text.feed(line)
        else:
            self._trace.feed(line)

    @property
    def builder(self) -> BuilderName:
        return "classic" if self._classic else "buildkit"

    def finish(self) -> tuple[Step, ...]:
        if not self._classic:
            return self._trace.steps()
        self._text.finish(self.error)
        return self._text.steps()

    @property
    def warnings(self) -> tuple[BuildWarning, ...]:
        return () if self._classic else self._trace.warnings

    def failed(self) -> Step | None:
        if not self._classic:
            return self._trace.failed(self.error)
        self._text.finish(self.error)
        return next((step for step in self._text.steps() if step.error), None)

    def stopped(self) -> Step | None:
        """Find the step that was carried out when the build was stopped, the oldest if several."""
        if self._classic:
            self._text.finish(self.error or "stopped")
        steps = [step for step in self.finish() if not step.cached]
        unfinished = [step for step in steps if step.error or not step.completed]
        return next(iter(unfinished or steps[-1:]), None)

    def record(self, client: docker.DockerClient) -> None:
        """Note what the build left on the engine without our label, so that it can be removed."""
        if self._classic:
            for image in self._text.made_images():
                with suppress(NotFound):
                    ledger.record_image(client, str(client.images.get(image).id))
            return
        times = [v.started for v in self._trace.vertices if v.started]
        ends = [v.completed for v in self._trace.vertices if v.completed]
        if times:
            names = [vertex.name for vertex in self._trace.vertices]
            ledger.record_build(client, min(times), max(ends or times), names)


def _carry_out(order: Order, builder: str, observe: Observer, guard: Guard) -> _Reader:
    """Send the build and read its stream to the end.

    Raises:
        BuildFailed: The stream ended with an error.
        BuildStopped: The guard stopped it.
        BuildCancelled: It was interrupted.
        OptionUnsupported: BuildKit was insisted on, and another builder answered.
        EngineUnreachable: The engine went away.
    """
    reader = _Reader(order, observe, classic=builder == "classic")
    send = sending.classic if builder == "classic" else sending.buildkit
    try:
        with guard, closing(send(order, guard)) as lines:
            for line in lines:
                reader.feed(line)
    except EngineUnreachable:
        if not guard.broken:  # else it is the guard who broke the connection
            raise
    except KeyboardInterrupt:
        raise BuildCancelled(
            "You stopped the build before its end. Nothing of it goes on running on the engine.",
            fix="Build again when you like: the steps that were finished are cached.",
        ) from None
    finally:
        # An engine that went away takes the records' use with it, and must not hide the error.
        with suppress(DockerException, requests.RequestException):
            reader.record(order.client)
    if guard.broken:
        raise stopped(guard.broken, reader.error, source=order.source, step=reader.stopped())
    if reader.error:
        if went_away(reader.error, order.client):
            raise lost(reader.error, "the build", order.client)
        raise failure(
            reader.error,
            source=order.source,
            step=reader.failed(),
            target=order.target,
        )
    if not reader.image_id:
        raise EngineUnreachable(
            "The engine ended its answer before it named the image.",
            fix="Check that it still runs (`stagelab doctor`), then build again.",
        )
    if builder == "buildkit" and reader.builder != "buildkit":
        raise OptionUnsupported(
            "This engine built the image, but not with BuildKit: it has none behind its API.",
            fix='Use builder="auto" or "classic", or an engine with BuildKit (Docker 20.10+).',
        )
    return reader


def _facts(order: Order, reader: _Reader, seconds: float) -> Build:
    steps = reader.finish()
    last = order.source.built(order.target) or order.source.stages[-1]
    classic = reader.builder == "classic"
    # The classic builder carries out every stage up to its target.
    carried_out = set(range(last.index + 1)) if classic else needed(order.source, last)
    stages = tuple(
        Stage(
            name=stage.name,
            index=stage.index,
            base=stage.base,
            line=stage.line,
            steps=tuple(step for step in steps if _belongs(step, stage)),
            ran=stage.index in carried_out,
        )
        for stage in order.source.stages
    )
    return Build(
        image=order.client.images.get(reader.image_id),
        builder=reader.builder,
        tag=order.tag,
        target=order.target,
        stages=stages,
        steps=steps,
        log="".join(step.log for step in steps),
        context_bytes=order.context.bytes,
        seconds=seconds,
        dockerfile=order.context.dockerfile,
        bases=tuple(
            BaseUse(stage.name, stage.base, kind_of(order.client, stage.base))
            for stage in stages
            if stage.ran and base_stage(order.source, stage) is None
        ),
        warnings=reader.warnings,
    )


def _belongs(step: Step, stage: StageSource) -> bool:
    """Tell whether a step is one of a stage; of several stages of one name, by its line."""
    if step.stage != stage.name:
        return False
    return step.line is None or stage.line <= step.line <= stage.instructions[-1].end_line


def _nobody(event: Event) -> None:
    """Observe nothing."""
