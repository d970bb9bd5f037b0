"""Containers on the real engine: what they say, what they may not, and that none is left."""

from __future__ import annotations

import re
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from stagelab.bases import Base
from stagelab.builds import Build, build
from stagelab.containers import Health, cage, run, running, serve, serving
from stagelab.containers.cage import caged
from stagelab.engine import tidy
from stagelab.engine.labels import COURSE_LABEL, SESSION_LABEL, session
from stagelab.errors import ImageNotFound, RunTimeout, StartFailed

ALPINE = "alpine:3.22"

SERVER = """\
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 { // a health check
		reply, err := http.Get("http://127.0.0.1:8080/" + os.Args[1])
		if err != nil || reply.StatusCode != http.StatusOK {
			fmt.Println("not well")
			os.Exit(1)
		}
		fmt.Println("well")
		return
	}
	stop := make(chan os.Signal, 1)
	if os.Getenv("DEAF") == "" {
		signal.Notify(stop, syscall.SIGTERM)
	} else {
		signal.Ignore(syscall.SIGTERM)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			time.Sleep(time.Minute)
		}
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusTeapot)
		}
		w.Header().Set("X-Path", r.URL.Path)
		fmt.Fprintln(w, "you asked for", r.URL)
	})
	fmt.Println("listening")
	go http.ListenAndServe(":8080", nil)
	<-stop
	fmt.Println("stopping")
	os.Exit(5)
}
"""
SERVER_DOCKERFILE = """\
FROM golang:1.27 AS builder
WORKDIR /app
COPY . .
RUN CGO_ENABLED=0 go build -o server
FROM scratch
COPY --from=builder /app/server /server
ENTRYPOINT ["/server"]
"""


@pytest.fixture(scope="module", autouse=True)
def _engine(client: docker.DockerClient, bases: dict[str, Base]) -> Iterator[None]:
    assert {"golang", "alpine"} <= set(bases)
    yield
    assert ours(client) == [], "nothing that ran is left"
    tidy()


@pytest.fixture(scope="module")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("server")
    (folder / "main.go").write_text(SERVER)
    (folder / "go.mod").write_text("module server\n\ngo 1.21\n")
    return folder


@pytest.fixture(scope="module")
def server(bases: dict[str, Base], server_folder: Path) -> Build:
    assert bases
    return build(server_folder, dockerfile=SERVER_DOCKERFILE)


def ours(client: docker.DockerClient) -> list[Container]:
    """Containers that this process made and that are still there."""
    return list(client.containers.list(all=True, filters={"label": f"{SESSION_LABEL}={session()}"}))


def shell(script: str, **options: object) -> running.Run:
    return run(ALPINE, "sh", "-c", script, **options)  # type: ignore[arg-type]


# run


def test_outputs_and_exit_code() -> None:
    done = shell("echo out; echo err >&2; exit 3")
    assert (done.exit_code, done.ok) == (3, False)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")
    assert done.output == "out\nerr\n"
    assert done.image == ALPINE
    assert done.command == ("sh", "-c", "echo out; echo err >&2; exit 3")
    assert 0 < done.seconds < 30
    assert done.error == ""
    assert shell("true").ok


def test_environment_user_and_entrypoint() -> None:
    assert shell("echo $WORD", env={"WORD": "a b"}).stdout == "a b\n"
    assert shell("id -u", user="1234").stdout == "1234\n"
    done = run(ALPINE, "b", entrypoint=["echo", "a"])
    assert done.stdout == "a b\n"


def test_a_build_an_image_and_a_reference(client: docker.DockerClient, tmp_path: Path) -> None:
    salt = secrets.token_hex(4)
    tag = f"stagelab/test-run-{salt}:a"
    text = f'FROM {ALPINE}\nENV SALT={salt}\nCMD ["sh", "-c", "echo $SALT"]\n'
    built = build(tmp_path, dockerfile=text, tag=tag)
    for image in (built, built.image, tag):
        done = run(image)
        assert done.stdout == f"{salt}\n"
        assert done.image == tag
    untagged = build(tmp_path, dockerfile=f"{text}ENV A=b\n")
    assert run(untagged).image == untagged.image.short_id.removeprefix("sha256:")
    assert client.images.get(tag)


def test_output_that_is_no_text_and_output_without_end() -> None:
    assert shell(r"printf 'a\377b'").stdout == "a�b"
    done = shell("yes 0123456789 | head -c 3000000")
    assert done.ok
    assert 0 < len(done.stdout) <= running.OUTPUT_BYTES


def test_a_program_that_is_not_there(client: docker.DockerClient) -> None:
    done = run(ALPINE, "/nowhere")
    assert done.exit_code is None
    assert not done.ok
    assert "no such file" in done.error
    assert done.output == done.error
    assert ours(client) == []


def test_an_image_that_is_not_there() -> None:
    with pytest.raises(ImageNotFound, match="stagelab/none:x"):
        run("stagelab/none:x")


def test_a_program_that_does_not_end(client: docker.DockerClient) -> None:
    began = time.monotonic()
    with pytest.raises(RunTimeout) as caught:
        shell("echo begun; sleep 300", timeout=1)
    assert time.monotonic() - began < 20
    assert "within 1 seconds" in caught.value.cause
    assert caught.value.detail == "begun"
    assert ours(client) == []


def test_an_interrupt_leaves_nothing(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Container, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        shell("sleep 300")
    assert ours(client) == []


# the cage


def test_the_cage_as_the_engine_has_it(client: docker.DockerClient) -> None:
    with caged(client, ALPINE, ["true"]) as container:
        host = container.attrs["HostConfig"]
        assert container.status == "created"
        assert host["NetworkMode"] == "none"
        assert host["CapDrop"] == ["ALL"]
        assert not host["CapAdd"]
        assert not host["Privileged"]
        assert host["SecurityOpt"] == ["no-new-privileges"]
        assert host["ReadonlyRootfs"] is True
        assert set(host["Tmpfs"]) == {"/tmp"}
        assert host["Memory"] == host["MemorySwap"] == 256 * 2**20
        assert host["NanoCpus"] == 1_000_000_000
        assert host["PidsLimit"] == cage.PIDS
        assert not host["Binds"]
        assert not host["PortBindings"]
        assert host["LogConfig"]["Config"] == {"max-size": "1m", "max-file": "1"}
        assert container.labels[COURSE_LABEL] == "1"
        assert container.labels[SESSION_LABEL] == session()
        assert ours(client) == [container]
    assert ours(client) == []


def test_the_cage_as_a_program_finds_it() -> None:
    done = shell(
        "touch /x; echo $?; touch /tmp/x; echo $?; ls /sys/class/net; grep Cap /proc/self/status"
    )
    assert done.stdout.splitlines()[:3] == ["1", "0", "lo"]
    sets = dict(re.findall(r"Cap(\w+):\s+(\w+)", done.stdout))
    assert set(sets) == {"Inh", "Prm", "Eff", "Bnd", "Amb"}
    assert all(int(value, 16) == 0 for value in sets.values())


@pytest.mark.parametrize(
    ("tmp", "read_only", "written"),
    [(True, True, "01"), (False, True, "11"), (True, False, "00"), (False, False, "00")],
)
def test_a_tmp_and_a_writable_root_can_be_had_or_not(
    client: docker.DockerClient, tmp: bool, read_only: bool, written: str
) -> None:
    script = "for f in /x /tmp/x; do touch $f; printf $?; done"
    done = shell(script, tmp=tmp, read_only=read_only)
    assert "".join(sorted(done.stdout)) == written
    with caged(client, ALPINE, ["true"], tmp=tmp, read_only=read_only) as container:
        host = container.attrs["HostConfig"]
        assert host["ReadonlyRootfs"] is read_only
        assert set(host.get("Tmpfs") or ()) == ({"/tmp"} if tmp else set())
        assert host["CapDrop"] == ["ALL"]
        assert host["NetworkMode"] == "none"


def test_what_is_put_into_tmp_is_bounded() -> None:
    done = shell("head -c 30000000 /dev/zero > /tmp/x; wc -c < /tmp/x")
    assert int(done.stdout) <= 16 * 2**20


def test_a_fork_bomb_is_bounded() -> None:
    script = f"for i in $(seq {cage.PIDS + 50}); do sleep 20 & done; echo all; kill $(jobs -p)"
    done = shell(script, timeout=30)
    assert "fork" in done.stderr
    assert "all" not in done.stdout


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere the engine is in a machine of its own"
)
def test_a_memory_hog_is_killed() -> None:
    done = shell("head -c 200000000 /dev/zero | tail > /dev/null", memory="32m", timeout=60)
    assert done.exit_code == 137


# serve


def test_a_service(client: docker.DockerClient, server: Build) -> None:
    with serve(server, 8080) as service:
        assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*", service.url)
        reply = service.get("/")
        assert (reply.status, reply.body) == (200, "you asked for /\n")
        other = service.get("/other?a=b")
        assert (other.status, other.body) == (418, "you asked for /other?a=b\n")
        assert other.headers["content-type"].startswith("text/plain")
        assert service.logs() == "listening\n"
        (container,) = ours(client)
        (binding,) = container.attrs["HostConfig"]["PortBindings"]["8080/tcp"]
        assert binding["HostIp"] == "127.0.0.1"
        assert container.attrs["HostConfig"]["CapDrop"] == ["ALL"]
        assert container.attrs["HostConfig"]["ReadonlyRootfs"] is True
    assert ours(client) == []
    with pytest.raises(OSError, match="refused"):
        service.get("/")


def _own_addresses() -> list[str]:
    """Give the address by which this machine would reach another one, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.77", 9))  # sends nothing
        except OSError:
            return []
        return [str(probe.getsockname()[0])]


def test_it_is_published_on_this_machine_only(server: Build) -> None:
    with serve(server, 8080) as service:
        port = int(service.url.rpartition(":")[2])
        for address in {"127.0.0.2", *_own_addresses()}:
            with socket.socket() as probe:
                probe.settimeout(2)
                assert probe.connect_ex((address, port)) != 0, address


def test_a_service_that_ends_when_it_is_told(server: Build) -> None:
    with serve(server, 8080) as service:
        stopped = service.stop()
        assert (stopped.exit_code, stopped.killed) == (5, False)
        assert stopped.seconds < 5
        assert service.logs() == "listening\nstopping\n"


def test_a_service_that_has_to_be_killed(server: Build) -> None:
    with serve(server, 8080, env={"DEAF": "1"}) as service:
        stopped = service.stop(grace=1)
        assert (stopped.exit_code, stopped.killed) == (137, True)
        assert 1 <= stopped.seconds < 10


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ('CMD ["/server", ""]', Health("healthy", 0, "well")),
        ('--interval=1h --retries=9 CMD ["/server", "x"]', Health("unhealthy", 1, "not well")),
        ("--start-period=1h CMD /server", Health("unhealthy", -1, "/bin/sh")),
        ("NONE", Health("none", None, "")),
    ],
)
def test_the_health_of_a_service(server_folder: Path, check: str, expected: Health) -> None:
    checked = build(server_folder, dockerfile=f"{SERVER_DOCKERFILE}HEALTHCHECK {check}\n")
    with serve(checked, 8080) as service:
        health = service.health()
        assert (health.status, health.exit_code) == (expected.status, expected.exit_code)
        assert expected.output in health.output
        seen = service.container.attrs["State"].get("Health") or {"Status": "none"}
        assert seen["Status"] == expected.status


def test_without_a_health_check_there_is_no_health(server: Build) -> None:
    with serve(server, 8080) as service:
        assert service.health() == Health("none", None, "")


def test_a_health_check_that_takes_long_is_not_waited_for(server_folder: Path) -> None:
    text = f'{SERVER_DOCKERFILE}HEALTHCHECK CMD ["/server", "slow"]\n'
    with serve(build(server_folder, dockerfile=text), 8080) as service:
        assert service.health(timeout=1).status == "starting"


def test_the_root_of_a_service_can_be_writable(server: Build) -> None:
    with serve(server, 8080, tmp=False, read_only=False) as service:
        host = service.container.attrs["HostConfig"]
        assert host["ReadonlyRootfs"] is False
        assert not host.get("Tmpfs")


def test_a_proxy_is_not_asked(server: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with serve(server, 8080) as service:
        assert service.get().status == 200


def test_a_service_that_ends_at_once(client: docker.DockerClient, tmp_path: Path) -> None:
    text = f'FROM {ALPINE}\nCMD ["sh", "-c", "echo no configuration >&2; exit 9"]\n'
    with pytest.raises(StartFailed) as caught, serve(build(tmp_path, dockerfile=text), 8080):
        pytest.fail("it never served")
    assert "ended at once, with exit code 9" in caught.value.cause
    assert caught.value.detail == "no configuration"
    assert ours(client) == []


def test_a_service_whose_program_is_missing(client: docker.DockerClient, tmp_path: Path) -> None:
    text = 'FROM scratch\nCOPY . /\nENTRYPOINT ["/nowhere"]\n'
    with pytest.raises(StartFailed) as caught, serve(build(tmp_path, dockerfile=text), 8080):
        pytest.fail("it never served")
    assert "could not start" in caught.value.cause
    assert "/nowhere" in caught.value.detail
    assert ours(client) == []


def test_a_service_that_does_not_answer(client: docker.DockerClient, server: Build) -> None:
    began = time.monotonic()
    with pytest.raises(StartFailed) as caught, serve(server, 8081, timeout=1):
        pytest.fail("it never served")
    assert time.monotonic() - began < 20
    assert "did not answer within 1 seconds" in caught.value.cause
    assert caught.value.detail == "listening"
    assert ours(client) == []


def test_an_error_in_the_block_leaves_nothing(client: docker.DockerClient, server: Build) -> None:
    with pytest.raises(ZeroDivisionError), serve(server, 8080):
        raise ZeroDivisionError
    assert ours(client) == []
    assert serving.Service is not None
