"""What is told of Go's programs, against `go version -m` and `readelf` in a container."""

from __future__ import annotations

import ast
import io
import re
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from stagelab.builds import build
from stagelab.engine.labels import labels
from stagelab.image import GoModule, xray
from tests.recorder import TOOL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient
    from docker.models.images import Image

    from stagelab.bases import Base
    from stagelab.image import GoBinary, XRay

GO_WEB = Path(__file__).parents[2] / "sample-apps" / "go-web"
FOLDERS = ("/usr", "/opt", "/root", "/srv", "/out")
"""Where programs lie; of all of it `go version -m` names those that Go built."""

# The modules come from a proxy that is a folder, so that nothing is fetched.
PROGRAMS = r"""
FROM golang:1.27
ENV GOPROXY=file:///proxy GOSUMDB=off GOFLAGS=-mod=mod GOTOOLCHAIN=local
COPY proxy /proxy
COPY web /src/web
COPY deps /src/deps
COPY small /src/small
RUN mkdir /out; cd /src/web \
 && CGO_ENABLED=1 go build -o /out/web-cgo . \
 && CGO_ENABLED=0 go build -o /out/web . \
 && CGO_ENABLED=0 go build -ldflags="-s -w -X 'main.version=a b'" -o /out/web-stripped .
RUN cd /src/deps && CGO_ENABLED=0 go build -tags 'one,two' -o /out/deps .
RUN cd /src/small && git init -q . && git add . \
 && git -c user.name=a -c user.email=a@example.com commit -qm first && export CGO_ENABLED=0 \
 && go build -o /out/small . \
 && go build -buildmode=pie -o /out/pie . \
 && go build -ldflags="-X 'main.version=q\"q'" -o /out/file main.go \
 && go build -trimpath -o /out/trimmed . \
 && GOARCH=arm64 go build -o /out/arm64 . \
 && GOARCH=mips go build -o /out/mips . \
 && cp /out/small /out/not-executable && chmod 644 /out/not-executable \
 && ln /out/small /out/second-name
"""
SMALL = 'package main\n\nvar version = "dev"\n\nfunc main() { println(version) }\n'
DEPS = """\
package main

import (
\t"example.com/one"
\t"example.com/three"
\t"example.com/two/v2"
)

func main() { println(one.Name, two.Name, three.Name) }
"""
DEPS_MODULE = """\
module example.com/deps

go 1.20

require (
\texample.com/one v1.2.3
\texample.com/two/v2 v2.0.1
\texample.com/three v0.0.0
)

replace example.com/two/v2 => example.com/fork/v2 v2.5.0

replace example.com/three => ./three
"""


class Told(NamedTuple):
    """What `go version -m` says of a program."""

    go_version: str
    path: str
    main: GoModule | None
    modules: tuple[GoModule, ...]
    settings: dict[str, str]


@pytest.fixture(scope="module")
def programs(
    client: DockerClient, bases: dict[str, Base], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Image]:
    """An image with the toolchain and programs built with it, in many ways."""
    assert bases
    context = tmp_path_factory.mktemp("programs")
    shutil.copytree(GO_WEB, context / "web")
    publish(context / "proxy", "example.com/one", "v1.2.3")
    publish(context / "proxy", "example.com/fork/v2", "v2.5.0", package="two")
    for name, source, module in (
        ("small", SMALL, "module example.com/small\n\ngo 1.20\n"),
        ("deps", DEPS, DEPS_MODULE),
        ("deps/three", library("three"), "module example.com/three\n"),
    ):
        (folder := context / name).mkdir()
        (folder / "main.go").write_text(source)
        (folder / "go.mod").write_text(module)
    built = build(context, dockerfile=PROGRAMS, client=client, quiet=True)
    yield built.image
    client.images.remove(built.image.id, force=True)


@pytest.fixture(scope="module")
def seen(programs: Image, tmp_path_factory: pytest.TempPathFactory) -> XRay:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STAGELAB_HOME", str(tmp_path_factory.mktemp("home")))
        return xray(programs)


def library(package: str) -> str:
    return f'package {package}\n\nconst Name = "{package}"\n'


def publish(proxy: Path, module: str, version: str, package: str = "one") -> None:
    """Put a module into a proxy, as Go's module reference has it ("GOPROXY protocol")."""
    (folder := proxy / module / "@v").mkdir(parents=True)
    described = f"module {module}\n\ngo 1.20\n"
    (folder / "list").write_text(version + "\n")
    (folder / f"{version}.info").write_text(f'{{"Version": "{version}"}}')
    (folder / f"{version}.mod").write_text(described)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{module}@{version}/go.mod", described)
        archive.writestr(f"{module}@{version}/lib.go", library(package))
    (folder / f"{version}.zip").write_bytes(packed.getvalue())


def inside(client: DockerClient, image: Image, *command: str) -> str:
    said: bytes = client.containers.run(
        str(image.id),
        list(command),
        entrypoint=[],
        remove=True,
        network_mode="none",
        labels=labels() | TOOL,
    )
    return said.decode()


def told(text: str) -> dict[str, Told]:
    """Take apart what `go version -m` prints, as its documentation has it."""
    found = {}
    for block in re.split(r"\n(?=\S)", text.strip("\n")):
        first, *lines = block.split("\n")
        path, _, version = first.rpartition(": ")
        # a replacement is followed by an empty line
        fields = [line.removeprefix("\t").split("\t") for line in lines if line.strip()]
        modules: list[GoModule] = []
        main = None
        for word, name, *more in fields:
            if word in ("mod", "dep"):
                module = GoModule(name, *[*more, "", ""][:2])
                main, modules = (module, modules) if word == "mod" else (main, [*modules, module])
            elif word == "=>":
                replaced = modules.pop()
                other = GoModule(name, *[*more, "", ""][:2])
                modules.append(GoModule(replaced.path, replaced.version, replaced.sum, other))
        pairs = [rest[0].partition("=") for word, *rest in fields if word == "build"]
        found[path] = Told(
            version,
            next((name for word, name, *_ in fields if word == "path"), ""),
            main,
            tuple(modules),
            {key: unquoted(value) for key, _, value in pairs},
        )
    return found


def unquoted(value: str) -> str:
    """Undo `strconv.Quote`; Python's literals have the same escapes."""
    if value.startswith("`"):
        return value.strip("`")
    return str(ast.literal_eval(value)) if value.startswith('"') else value


def by_path(seen: XRay) -> dict[str, GoBinary]:
    return {binary.path: binary for binary in seen.binaries}


def test_the_same_programs_are_found(client: DockerClient, programs: Image, seen: XRay) -> None:
    theirs = told(inside(client, programs, "go", "version", "-m", *FOLDERS))
    ours = set(by_path(seen))
    assert {"/usr/local/go/bin/go", "/usr/local/go/bin/gofmt"} < ours
    # of a file with two names, ours has the one that the layer has first; a file that nobody may
    # execute is no program
    assert len(ours & {"/out/small", "/out/second-name"}) == 1
    assert ours | {"/out/small", "/out/second-name", "/out/not-executable"} == set(theirs)
    assert len(theirs) > 12


def test_modules_and_settings_are_those_of_go(
    client: DockerClient, programs: Image, seen: XRay
) -> None:
    theirs = told(inside(client, programs, "go", "version", "-m", *FOLDERS))
    for path, binary in by_path(seen).items():
        go = theirs[path]
        assert binary.go_version == go.go_version, path
        assert binary.module == (go.main.path if go.main else go.path), path
        assert binary.module_version == (go.main.version if go.main else ""), path
        assert binary.modules == go.modules, path
        assert binary.settings == go.settings, path
    # the programs have what the oracle is to judge
    assert theirs["/out/web-stripped"].settings["-ldflags"] == "-s -w -X 'main.version=a b'"
    assert theirs["/out/trimmed"].settings["-trimpath"] == "true"
    assert theirs["/out/file"].settings["-ldflags"] == "-X 'main.version=q\"q'"
    assert theirs["/out/web-cgo"].settings["CGO_ENABLED"] == "1"
    assert theirs["/out/small"].settings["vcs"] == "git"
    assert theirs["/out/deps"].settings["-tags"] == "one,two"
    one, three, two = theirs["/out/deps"].modules
    assert one.sum.startswith("h1:")
    assert three.replaced_by == GoModule("./three", "(devel)", "")
    assert two.replaced_by is not None
    assert two.replaced_by.path == "example.com/fork/v2"


def test_loaders_and_machines_are_those_of_readelf(
    client: DockerClient, programs: Image, seen: XRay
) -> None:
    paths = sorted(by_path(seen))
    text = inside(client, programs, "readelf", "--wide", "--file-header", "--segments", *paths)
    machines = {
        "Advanced Micro Devices X86-64": "amd64",
        "AArch64": "arm64",
        "MIPS R3000": "mips",
    }
    theirs = {}
    for block in text.split("\nFile: ")[1:] or [text]:
        machine = re.search(r"Machine:\s+(.+)", block)
        loader = re.search(r"\[Requesting program interpreter: (.+)\]", block)
        assert machine
        path = block.splitlines()[0].strip()
        theirs[path] = (machines[machine[1]], loader[1] if loader else None)
    ours = {path: (binary.machine, binary.loader) for path, binary in by_path(seen).items()}
    assert ours == theirs
    kinds = {path: by_path(seen)[path].dynamic for path in ("/out/web", "/out/web-cgo", "/out/pie")}
    assert kinds == {"/out/web": False, "/out/web-cgo": True, "/out/pie": True}
    assert by_path(seen)["/out/web-cgo"].loader_present
