"""JupyterLab as `./course start` runs it: for this user, on this machine, with a token."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagelab.cli import jupyter, rooted
from stagelab.engine import own

ROOT = Path(__file__).parents[2]
AGREED = (
    "from stagelab.cli import rooted\n"
    "rooted._in_container = lambda: {container}\n"
    "rooted._ordinary_users = lambda: {users}\n"
    "rooted._engine_of_others = lambda: {engine}\n"
    "print('agreed:', rooted.agreed(allowed={allowed}))"
)
SERVE = (
    "from pathlib import Path; from stagelab.cli import jupyter;"
    "from stagelab.engine.endpoint import Endpoint;"
    "raise SystemExit(jupyter.serve(Path({root!r}), Endpoint('unix:///none', 'test'),"
    " port={port}, browser=False, as_root={as_root}))"
)
root_only = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be root"
)


def _script(
    *,
    allowed: bool = False,
    container: bool = False,
    users: tuple[str, ...] = (),
    engine: bool = True,
) -> str:
    return AGREED.format(allowed=allowed, container=container, users=list(users), engine=engine)


def _run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _at_terminal(script: str, answer: bytes) -> str:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        os.write(ours, answer)
        said = process.communicate(timeout=30)[0]
    os.close(ours)
    os.close(theirs)
    return said


@root_only
@pytest.mark.parametrize(
    ("answer", "end"),
    [(b"y\n", "agreed: True"), (b"\n", "not started as root"), (b"n\n", "not started as root")],
)
def test_root_at_a_terminal_is_asked(answer: bytes, end: str) -> None:
    said = _at_terminal(_script(container=True), answer)
    assert "then has this whole machine" in said
    assert end in said


@root_only
def test_root_who_said_so_is_not_asked() -> None:
    assert _run(_script(allowed=True, users=("ada",))).stdout == "agreed: True\n"


@root_only
def test_without_a_terminal_root_goes_on_only_where_nobody_else_could() -> None:
    alone = _run(_script())
    assert alone.stdout.endswith("no other user here to run it, so it goes on.\nagreed: True\n")
    assert "agreed: True" in _run(_script(container=True, users=("ada",))).stdout
    assert "agreed: True" in _run(_script(engine=False, users=("ada",))).stdout
    refused = _run(_script(users=("ada",)))
    assert refused.returncode != 0
    assert "--allow-root" in refused.stderr


@root_only
def test_any_other_user_is_not_asked() -> None:
    first = "import os; from stagelab.cli import rooted; os.setuid(65534)"
    assert _run(f"{first}\n{_script(users=('ada',))}").stdout == "agreed: False\n"


def test_an_engine_that_is_named_may_be_others_and_the_own_one_is_roots(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///elsewhere/docker.sock")
    assert rooted._engine_of_others()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{own.paths().socket}")
    assert not rooted._engine_of_others()


def test_accounts_of_people_are_told_from_those_of_services() -> None:
    people = {line.split(":")[0] for line in Path("/etc/passwd").read_text().splitlines()}
    found = set(rooted._ordinary_users())
    assert found <= people
    assert not found & {"root", "nobody", "daemon"}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextlib.contextmanager
def _serving(
    folder: Path, port: int, *, as_root: bool, config: str = ""
) -> Iterator[subprocess.Popen[str]]:
    settings = folder / "config"
    settings.mkdir()
    (settings / "jupyter_server_config.py").write_text(config)
    environment = {key: value for key, value in os.environ.items() if key != "JUPYTER_TOKEN"}
    environment |= {"JUPYTER_CONFIG_DIR": str(settings), "JUPYTER_RUNTIME_DIR": str(folder)}
    script = SERVE.format(root=str(ROOT), port=port, as_root=as_root)
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _status(port: int, token: str = "") -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/kernels")
    if token:
        request.add_header("Authorization", f"token {token}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def _own_addresses() -> set[str]:
    """Give this machine's addresses but for the loopback."""
    names = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None)}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # sends nothing; tells which address would be used
        names.add(probe.getsockname()[0])
    return {str(name) for name in names if not str(name).startswith(("127.", "::1"))}


def test_it_serves_this_machine_only_and_asks_for_its_token(tmp_path: Path) -> None:
    port = _free_port()
    is_root = rooted.os.geteuid() == 0
    with _serving(tmp_path, port, as_root=is_root) as process:
        address = None
        while address is None:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, "JupyterLab ended"
            address = re.search(r"http://127\.0\.0\.1:\d+/lab\S*\?token=(\w+)", line)
        token = address[1]
        assert len(token) >= 32
        assert _status(port) == 403
        assert _status(port, "wrong") == 403
        assert _status(port, token) == 200
        assert _own_addresses()
        for other in _own_addresses():
            family = socket.AF_INET6 if ":" in other else socket.AF_INET
            with socket.socket(family) as probe, pytest.raises(OSError):  # noqa: PT011 - any will do
                probe.settimeout(5)
                probe.connect((other, port))
        command_lines = [
            words
            for file in Path("/proc").glob("[0-9]*/cmdline")
            if (words := _read(file)) and str(port).encode() in words
        ]
        assert command_lines
        assert not [words for words in command_lines if token.encode() in words]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it has ended
        return b""


def test_only_who_agreed_runs_it_as_root() -> None:
    assert "--allow-root" in jupyter._command(ROOT, 8888, as_root=True)
    assert "--allow-root" not in jupyter._command(ROOT, 8888)


def test_a_configuration_without_a_token_is_not_served(tmp_path: Path) -> None:
    port = _free_port()
    config = "c.IdentityProvider.token = ''\n"
    is_root = rooted.os.geteuid() == 0
    with _serving(tmp_path, port, as_root=is_root, config=config) as process:
        said = process.communicate(timeout=180)[0]
    assert "lets anybody in without its token" in said
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
