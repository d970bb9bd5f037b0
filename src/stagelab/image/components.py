"""The parts of an image as components of CycloneDX, and which of them need which.

Source: CycloneDX 1.6, whose schema limits a version to 1,024 characters.
"""

from __future__ import annotations

import uuid
from importlib.metadata import version as installed
from typing import TYPE_CHECKING

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.tool import ToolRepository

from stagelab.image.purl import module_url, package_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packageurl import PackageURL

    from stagelab.image.facts import XRay
    from stagelab.image.gobinaries import GoBinary
    from stagelab.image.gobuild import GoModule
    from stagelab.image.package import Package

_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:stagelab:sbom")
_MOST_VERSION = 1024
_SETTINGS = ("CGO_ENABLED", "GOARCH", "GOOS", "vcs.modified", "vcs.revision", "vcs.time")
"""What is told of how Go built a program; its flags may hold what is not to be passed on."""

_FOLDERS = ("/", "./", "../")
"""How a `replace` begins that names a folder instead of a module."""


def bom(seen: XRay) -> Bom:
    """Give the document on an image; equal x-rays give equal ones."""
    image = _component(
        ComponentType.CONTAINER,
        "image",
        seen.name,
        seen.image_id,
        told=[("architecture", seen.architecture)],
    )
    parts = [*_system(seen), *_packages(seen)]
    modules: dict[str, Component] = {}
    needs = []
    for binary in seen.binaries:
        program = _program(binary)
        its = {str(module.bom_ref): module for module in _modules(binary)}
        modules = its | modules
        needs.append(_needs(program, (modules[ref] for ref in its)))
        parts.append(program)
    needs.append(_needs(image, parts))
    tool = _component(ComponentType.APPLICATION, "stagelab", "stagelab", installed("stagelab"))
    metadata = BomMetaData(component=image, tools=ToolRepository(components=[tool]))
    metadata.timestamp = None  # type: ignore[assignment] # else it would be now
    return Bom(
        serial_number=uuid.uuid5(_SPACE, seen.image_id),
        metadata=metadata,
        components=[*parts, *modules.values()],
        dependencies=needs,
    )


def _system(seen: XRay) -> Iterator[Component]:
    name = seen.os_release.get("ID") or seen.os
    if name:
        release = seen.os_release.get("VERSION_ID", "")
        told = [("name", seen.os or "")]
        kind = ComponentType.OPERATING_SYSTEM
        yield _component(kind, "operating-system", name, release, told=told)


def _packages(seen: XRay) -> Iterator[Component]:
    recorded: dict[str, list[Package]] = {}
    for package in seen.packages:
        url = package_url(package, seen.os_release)
        ref = str(url or f"{package.manager}:{package.name}@{package.version}")
        recorded.setdefault(ref, []).append(package)
    for ref, (first, *others) in recorded.items():
        yield _component(
            ComponentType.LIBRARY,
            ref,
            first.name,
            first.version,
            told=[
                ("manager", first.manager),
                ("source", _source(first)),
                *(("path", package.path) for package in (first, *others)),
            ],
            purl=package_url(first, seen.os_release),
        )


def _source(package: Package) -> str:
    """Give the source package as "NAME VERSION"; "" if it is called as the package itself."""
    if (package.source, package.source_version) == (package.name, package.version):
        return ""
    return f"{package.source} {package.source_version}".strip()


def _program(binary: GoBinary) -> Component:
    settings = ((key, binary.settings.get(key, "")) for key in _SETTINGS)
    version = "" if binary.module_version == "(devel)" else binary.module_version
    return _component(
        ComponentType.APPLICATION,
        f"program:{binary.path}",
        binary.module or binary.path,
        version,
        told=[
            ("path", binary.path),
            ("layer", str(binary.layer)),
            ("go", binary.go_version),
            *((f"go:{key}", value) for key, value in settings),
        ],
        purl=module_url(binary.module, version),
    )


def _modules(binary: GoBinary) -> Iterator[Component]:
    version = binary.go_version.removeprefix("go").partition(" ")[0]  # "go1.27.3 X:boringcrypto"
    url = module_url("stdlib", version)
    yield _component(ComponentType.LIBRARY, str(url), "stdlib", version, purl=url)
    for module in binary.modules:
        yield _module(module)


def _module(module: GoModule) -> Component:
    """Give the component whose code is in the program: the replacement, if one took its place."""
    used = module.replaced_by or module
    told = [("go:sum", used.sum)]
    if used is not module:
        told.append(("go:replaces", f"{module.path} {module.version}".strip()))
    url = None if used.path.startswith(_FOLDERS) else module_url(used.path, used.version)
    ref = str(url or f"folder:{used.path}")
    if used is not module:
        ref += f"#{module.path}@{module.version}"
    return _component(ComponentType.LIBRARY, ref, used.path, used.version, told=told, purl=url)


def _needs(part: Component, others: Iterable[Component]) -> Dependency:
    return Dependency(part.bom_ref, [Dependency(other.bom_ref) for other in others])


def _component(
    kind: ComponentType,
    ref: str,
    name: str,
    version: str,
    *,
    told: Iterable[tuple[str, str]] = (),
    purl: PackageURL | None = None,
) -> Component:
    """Make a component; what is empty is left out."""
    return Component(
        name=name,
        version=version[:_MOST_VERSION] or None,
        type=kind,
        bom_ref=ref,
        purl=purl,
        properties=[Property(name=f"stagelab:{key}", value=text) for key, text in told if text],
    )
