"""The list of parts: valid by its schema, the same for the same image, and what it says of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from stagelab.image.gobuild import GoModule
from stagelab.image.package import Manager, Package
from stagelab.image.purl import module_url, package_url
from stagelab.image.sbom import cyclonedx

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stagelab.image.facts import XRay

TRIXIE = {"ID": "debian", "VERSION_ID": "13", "VERSION_CODENAME": "trixie"}
STATUS = "/var/lib/dpkg/status"
VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


@dataclass(frozen=True)
class Binary:
    """What the list needs of a program that Go built."""

    path: str = "/app/myapp"
    layer: int = 4
    go_version: str = "go1.27.3 X:nodwarf5"
    module: str = "example.com/web"
    module_version: str = "(devel)"
    modules: tuple[GoModule, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """What the list needs of an x-ray."""

    name: str = "stagelab/web:1"
    image_id: str = "sha256:" + "ab" * 32
    os: str | None = "Debian GNU/Linux 13 (trixie)"
    os_release: Mapping[str, str] = field(default_factory=lambda: TRIXIE)
    architecture: str = "amd64"
    packages: tuple[Package, ...] = ()
    binaries: tuple[Binary, ...] = ()


def listed(seen: Seen) -> dict[str, Any]:
    """Give the document after the schema has accepted it."""
    text = cyclonedx(cast("XRay", seen))
    assert VALIDATOR.validate_str(text) is None
    return cast("dict[str, Any]", json.loads(text))


def parts(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {part["bom-ref"]: part for part in document["components"]}


def told(part: dict[str, Any]) -> list[tuple[str, str]]:
    return [(item["name"], item["value"]) for item in part.get("properties", [])]


def needs(document: dict[str, Any], ref: str) -> list[str]:
    (found,) = [item for item in document["dependencies"] if item["ref"] == ref]
    return cast("list[str]", found.get("dependsOn", []))


def dpkg(name: str, version: str, source: str = "", source_version: str = "") -> Package:
    return Package(
        name, version, "dpkg", "amd64", source or name, source_version or version, STATUS
    )


def test_an_image_with_nothing_in_it_is_listed() -> None:
    document = listed(Seen(os=None, os_release={}))
    image = document["metadata"]["component"]
    assert (image["type"], image["name"]) == ("container", "stagelab/web:1")
    assert image["version"] == "sha256:" + "ab" * 32
    assert "components" not in document
    assert "timestamp" not in document["metadata"]


def test_everything_has_its_url_its_place_and_what_needs_it() -> None:
    seen = Seen(
        packages=(
            dpkg("bash", "5.2.37-2+b10", "bash", "5.2.37-2"),
            dpkg("libc6", "2.41-12", "glibc"),
            dpkg("zlib1g", "1:1.3"),
            Package("Foo_Bar", "1.0", "python", "", "Foo_Bar", "1.0", "/a/METADATA"),
            Package("@scope/name", "2.0", "node", "", "@scope/name", "2.0", "/a/package.json"),
            Package("@scope/name", "2.0", "node", "", "@scope/name", "2.0", "/b/package.json"),
        ),
        binaries=(
            Binary(
                modules=(GoModule("golang.org/x/net", "v0.30.0", "h1:abc="),),
                settings={"GOOS": "linux", "-ldflags": "-X main.token=hidden"},
            ),
            Binary("/app/other", modules=(GoModule("golang.org/x/net", "v0.30.0", "h1:abc="),)),
        ),
    )
    document = listed(seen)
    found = parts(document)
    debian = "arch=amd64&distro=debian-13"
    packages = {
        f"pkg:deb/debian/bash@5.2.37-2%2Bb10?{debian}&upstream=bash%405.2.37-2",
        f"pkg:deb/debian/libc6@2.41-12?{debian}&upstream=glibc",
        f"pkg:deb/debian/zlib1g@1:1.3?{debian}",
        "pkg:pypi/foo-bar@1.0",
        "pkg:npm/%40scope/name@2.0",
    }
    modules = {"pkg:golang/golang.org/x/net@v0.30.0", "pkg:golang/stdlib@1.27.3"}
    programs = {"program:/app/myapp", "program:/app/other"}
    assert set(found) == packages | modules | programs | {"operating-system"}
    assert all(found[ref]["purl"] == ref for ref in packages | modules)
    assert set(needs(document, "image")) == packages | programs | {"operating-system"}
    assert all(set(needs(document, ref)) == modules for ref in programs)

    system = found["operating-system"]
    assert (system["type"], system["name"], system["version"]) == (
        "operating-system",
        "debian",
        "13",
    )
    assert [value for key, value in told(found["pkg:npm/%40scope/name@2.0"]) if "path" in key] == [
        "/a/package.json",
        "/b/package.json",
    ]
    program = found["program:/app/myapp"]
    assert (program["type"], program["purl"]) == ("application", "pkg:golang/example.com/web")
    assert set(told(program)) == {
        ("stagelab:path", "/app/myapp"),
        ("stagelab:layer", "4"),
        ("stagelab:go", "go1.27.3 X:nodwarf5"),
        ("stagelab:go:GOOS", "linux"),
    }
    assert "hidden" not in json.dumps(document)


def test_a_replaced_module_is_listed_as_what_the_code_is() -> None:
    fork = GoModule("example.com/fork", "v1.2.0", "h1:fork=")
    folder = GoModule("../local", "", "")
    modules = (
        GoModule("example.com/one", "v1.0.0", "", fork),
        GoModule("example.com/two", "v2.0.0", "", folder),
    )
    found = parts(listed(Seen(binaries=(Binary(modules=modules),))))
    one = found["pkg:golang/example.com/fork@v1.2.0#example.com/one@v1.0.0"]
    two = found["folder:../local#example.com/two@v2.0.0"]
    assert one["purl"] == "pkg:golang/example.com/fork@v1.2.0"
    assert ("stagelab:go:replaces", "example.com/one v1.0.0") in told(one)
    assert "purl" not in two
    assert ("stagelab:go:replaces", "example.com/two v2.0.0") in told(two)


def test_equal_images_give_equal_text_and_others_another_number() -> None:
    packages = tuple(dpkg(f"p{number}", "1") for number in range(20))
    seen = Seen(packages=packages, binaries=(Binary(),))
    text = cyclonedx(cast("XRay", seen))
    assert cyclonedx(cast("XRay", replace(seen))) == text
    assert cyclonedx(cast("XRay", replace(seen, packages=packages[::-1]))) == text
    other = replace(seen, image_id="sha256:" + "cd" * 32)
    assert listed(other)["serialNumber"] != json.loads(text)["serialNumber"]


@pytest.mark.parametrize(
    ("package", "os_release", "url"),
    [
        (
            Package("stage-two", "4:2.0~rc1-3", "rpm", "noarch", "stage-one", "1.2-3"),
            {"ID": "fedora", "VERSION_ID": "43"},
            "pkg:rpm/fedora/stage-two@2.0~rc1-3"
            "?arch=noarch&distro=fedora-43&epoch=4&upstream=stage-one-1.2-3.src.rpm",
        ),
        (
            Package("musl-utils", "1.2.5-r10", "apk", "x86_64", "musl", "1.2.5-r10"),
            {"ID": "alpine", "VERSION_ID": "3.22.1"},
            "pkg:apk/alpine/musl-utils@1.2.5-r10?arch=x86_64&distro=alpine-3.22.1&upstream=musl",
        ),
        (dpkg("apt", "3.0"), {"ID": "debian"}, "pkg:deb/debian/apt@3.0?arch=amd64&distro=debian"),
        (dpkg("apt", "3.0"), {}, "pkg:deb/apt@3.0?arch=amd64"),
        (Package("Boolean._py", "5.0", "python"), {}, "pkg:pypi/boolean-py@5.0"),
        (Package("/", "1", "node"), {}, "None"),
    ],
)
def test_urls_of_packages(package: Package, os_release: dict[str, str], url: str) -> None:
    assert str(package_url(package, os_release)) == url


@pytest.mark.parametrize("path", ["", "/", "a/", "\x85", "a/ \x85"])
def test_a_module_without_a_name_has_no_url(path: str) -> None:
    assert module_url(path, "v1") is None


TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
MANAGERS: tuple[Manager, ...] = ("dpkg", "apk", "rpm", "python", "node")


@settings(max_examples=25, deadline=None)
@given(
    packages=st.lists(
        st.builds(Package, TEXT, TEXT, st.sampled_from(MANAGERS), TEXT, TEXT, TEXT, TEXT),
        max_size=4,
    ),
    modules=st.lists(st.builds(GoModule, TEXT, TEXT, TEXT), max_size=3),
    system=st.dictionaries(st.sampled_from(["ID", "VERSION_ID"]), TEXT),
    go=st.text(max_size=2000),
)
def test_whatever_an_image_says_the_list_is_valid(
    packages: list[Package], modules: list[GoModule], system: dict[str, str], go: str
) -> None:
    binary = Binary(go_version=go, module_version=go, modules=tuple(modules))
    listed(Seen(packages=tuple(packages), os_release=system, binaries=(binary,)))
