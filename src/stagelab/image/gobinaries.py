"""The programs in an image that Go built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stagelab._render import Shown
from stagelab.image.gobuild import go_build

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stagelab.image.gobuild import GoModule
    from stagelab.image.stack import Stack


@dataclass(frozen=True, slots=True)
class GoBinary(Shown):
    """A program that Go built.

    Attributes:
        path: Where it is.
        layer: Index in the history of the layer that wrote it.
        go_version: The toolchain's version, "go1.22.1".
        module: The main module's path, the package's path if it was built outside a module.
        module_version: The main module's version; "" if there is none.
        modules: The modules that it depends on, as `go version -m` lists them.
        settings: How it was built, likewise: "CGO_ENABLED", "GOOS", "-ldflags", "vcs.revision".
        machine: What it runs on, "amd64".
        loader: The loader that it needs to start, None if it is statically linked.
        loader_present: Whether the image has that loader; True if it needs none.
    """

    path: str
    layer: int
    go_version: str
    module: str
    module_version: str
    modules: tuple[GoModule, ...] = field(repr=False)
    settings: Mapping[str, str] = field(repr=False)
    machine: str
    loader: str | None
    loader_present: bool

    @property
    def dynamic(self) -> bool:
        """Whether it is dynamically linked, so that it needs a loader and libraries."""
        return self.loader is not None


def go_binaries(stack: Stack) -> tuple[GoBinary, ...]:
    """Give the programs that a container sees and Go built (1.18 or newer), by path."""
    programs = dict(stack.visible(lambda layer: layer.programs))
    found = []
    for path, facts in stack.visible(lambda layer: layer.go):
        program, built, place = programs[path], go_build(facts), stack.place(path)
        loader = program.loader
        found.append(
            GoBinary(
                path=path,
                layer=place.layer if place else 0,
                go_version=facts.go_version,
                module=built.main.path if built.main else built.path,
                module_version=built.main.version if built.main else "",
                modules=built.modules,
                settings=built.settings,
                machine=program.machine,
                loader=loader,
                loader_present=loader is None or stack.tree.resolve(loader) is not None,
            )
        )
    return tuple(sorted(found, key=lambda binary: binary.path))
