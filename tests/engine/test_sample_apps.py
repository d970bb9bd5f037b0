"""Each sample app builds with both builders and does what its README says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagelab.bases import Base
from stagelab.builds import build
from stagelab.containers import run, serve
from stagelab.engine import tidy
from stagelab.image import xray

APPS = Path(__file__).parents[2] / "sample-apps"
GREETING = "Hello from a Go program.\n"
TESTED = """\
FROM golang:1.27
WORKDIR /app
COPY . .
RUN --mount=type=cache,id=stagelab-check,target=/root/.cache/go-build \\
    test -z "$(gofmt -l .)" && go vet ./... && go test ./...
"""


@pytest.fixture(scope="module", autouse=True)
def _engine(bases: dict[str, Base]) -> Iterator[None]:
    assert {"golang", "alpine"} <= set(bases)
    yield
    tidy()


@pytest.mark.parametrize("app", ["go-hello", "go-web", "go-about"])
def test_has_what_an_app_has(app: str) -> None:
    folder = APPS / app
    for name in ("main.go", "go.mod", "Dockerfile", "single.Dockerfile", ".dockerignore"):
        assert (folder / name).is_file(), name
    assert len((folder / "README.md").read_text("utf-8").splitlines()) == 10


@pytest.mark.parametrize("app", ["go-hello", "go-web", "go-about", "go-needs"])
def test_source_is_formatted_vetted_and_tested(app: str) -> None:
    assert build(APPS / app, dockerfile=TESTED).image.id


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
@pytest.mark.parametrize("dockerfile", ["Dockerfile", "single.Dockerfile"])
def test_hello_greets(dockerfile: str, builder: str) -> None:
    made = build(APPS / "go-hello", dockerfile=dockerfile, builder=builder)
    ran = run(made)
    assert (ran.exit_code, ran.stdout) == (0, GREETING)


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_web_serves_its_version_and_ends_when_told(builder: str) -> None:
    made = build(APPS / "go-web", buildargs={"VERSION": "1.2.3"}, builder=builder)
    with serve(made, 8080, ready="/healthz") as service:
        assert service.get("/healthz").body == "ok\n"
        hello = service.get("/api/hello?name=Ada")
        assert hello.headers["content-type"] == "application/json"
        assert json.loads(hello.body) == {"message": "Hello, Ada!"}
        assert json.loads(service.get("/api/hello").body) == {"message": "Hello, world!"}
        assert json.loads(service.get("/version").body) == {"version": "1.2.3"}
        assert service.get("/nothing").status == 404
        stopped = service.stop()
    assert (stopped.killed, stopped.exit_code) == (False, 0)


def test_web_in_one_stage_serves_too() -> None:
    made = build(APPS / "go-web", dockerfile="single.Dockerfile")
    with serve(made, 8080, ready="/healthz") as service:
        assert json.loads(service.get("/version").body) == {"version": "dev"}


def test_broken_web_builds_and_lacks_its_loader() -> None:
    made = build(APPS / "go-web", dockerfile="broken.Dockerfile")
    ran = run(made)
    assert not ran.ok
    assert "no such file or directory" in ran.output
    (binary,) = xray(made).binaries
    assert binary.path == "/app/myapp"
    assert binary.dynamic
    assert not binary.loader_present


def test_two_stages_ship_the_program_alone() -> None:
    single = xray(build(APPS / "go-hello", dockerfile="single.Dockerfile"))
    multi = xray(build(APPS / "go-hello"))
    assert multi.size_bytes * 10 < single.size_bytes
    assert [binary.path for binary in multi.binaries] == ["/app/myapp"]
    assert not multi.surface.compilers


def test_about_tells_its_version_and_kind() -> None:
    about = APPS / "go-about"
    shipped = build(about, buildargs={"VERSION": "1.2.3"})
    assert run(shipped).stdout == 'version "1.2.3", release build\n'
    assert {stage.name for stage in shipped.stages if not stage.ran} == {"test", "debug"}
    assert run(build(about, target="debug")).stdout == 'version "dev", debug build\n'
    single = build(about, dockerfile="single.Dockerfile")
    assert run(single).stdout == 'version "dev", release build\n'
