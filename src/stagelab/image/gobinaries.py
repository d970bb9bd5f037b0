"""The programs in an image that Go built."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stagelab._render import Shown
from stagelab.image.gobuild import go_build
from stagelab.image.secret_mask import MASK
from stagelab.image.secret_text import is_telling, masked
from stagelab.image.secret_value import is_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stagelab.image.gobuild import GoModule
    from stagelab.image.stack import Stack

_QUOTED = re.compile(
    r"""(?P<quote>["'])(?P<name>[\w./~-]{1,512})=(?P<value>[^"']*)(?P=quote)""", re.DOTALL
)


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
        settings: How it was built, likewise: "CGO_ENABLED", "GOOS", "-ldflags", "vcs.revision";
            with `***` in place of each secret, such as one that -ldflags "-X …" sets.
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
                settings={name: _concealed(value) for name, value in built.settings.items()},
                machine=program.machine,
                loader=loader,
                loader_present=loader is None or stack.tree.resolve(loader) is not None,
            )
        )
    return tuple(sorted(found, key=lambda binary: binary.path))


def _concealed(value: str) -> str:
    """Mask the secrets in a setting; a quoted flag, 'main.token=two words', is one to its end."""
    return masked(_QUOTED.sub(_masked_flag, value))


def _masked_flag(flag: re.Match[str]) -> str:
    quote, name = flag["quote"], flag["name"]
    if not (is_telling(name) and is_set(flag["value"])):
        return flag[0]
    return f"{quote}{name}={MASK}{quote}"
