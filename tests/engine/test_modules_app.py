"""The sample app with a module builds in both orders, from modules that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from stagelab.bases import Base
from stagelab.bases.modules import module_proxy
from stagelab.builds import build
from stagelab.containers import run
from stagelab.engine import tidy
from stagelab.image import xray

APP = Path(__file__).parents[2] / "sample-apps" / "go-modules"
TESTED = """\
FROM golang:1.27
WORKDIR /src
ARG GOPROXY
COPY . .
RUN --mount=type=cache,id=stagelab-check,target=/root/.cache/go-build \\
    test -z "$(gofmt -l .)" && go mod verify && go vet ./...
"""


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert {"golang", "alpine"} <= set(bases)
    yield
    tidy()


@pytest.fixture(scope="module")
def arguments(client: docker.DockerClient) -> dict[str, str]:
    return {"GOPROXY": module_proxy(APP, client=client)}


def test_has_what_an_app_has() -> None:
    for name in ("main.go", "go.mod", "go.sum", "Dockerfile", "naive.Dockerfile", ".dockerignore"):
        assert (APP / name).is_file(), name
    assert len((APP / "README.md").read_text("utf-8").splitlines()) == 10


def test_source_is_formatted_and_vetted(arguments: dict[str, str]) -> None:
    assert build(APP, dockerfile=TESTED, buildargs=arguments).image.id


@pytest.mark.parametrize("dockerfile", ["Dockerfile", "naive.Dockerfile"])
def test_prints_the_checksums_of_texts(dockerfile: str, arguments: dict[str, str]) -> None:
    made = build(APP, dockerfile=dockerfile, buildargs=arguments)
    assert run(made).stdout == "9416aca903d20d2d stagelab\n"
    # As the specification of xxHash has it for no bytes at all.
    assert run(made, "").stdout == "ef46db3751d8e999 \n"


def test_the_program_names_its_module(arguments: dict[str, str]) -> None:
    (binary,) = xray(build(APP, buildargs=arguments)).binaries
    assert not binary.dynamic
    assert any(module.path == "github.com/cespare/xxhash/v2" for module in binary.modules)
