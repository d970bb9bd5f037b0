"""JupyterLab on the lessons, for this user on this machine only."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
import webbrowser
from http import HTTPStatus
from pathlib import Path

from stagelab.cli.waiting import waiting
from stagelab.engine.endpoint import Endpoint
from stagelab.errors import StagelabError

_HOST = "127.0.0.1"
_FIRST_PORT = 8888
_PORTS = 50
_READY_SECONDS = 120.0
_STOP_SECONDS = 10.0
_ANSWER_SECONDS = 30.0


def serve(
    root: Path, engine: Endpoint, *, port: int | None, browser: bool, as_root: bool = False
) -> int:
    """Run JupyterLab until it is stopped.

    Args:
        root: The course's folder.
        engine: Told to the notebooks' kernels, unless they find it by themselves.
        port: Its port; None takes the first free one.
        browser: Open the address in a browser, where there is one.
        as_root: Run as root, who agreed to it.

    Raises:
        StagelabError: It did not start.
    """
    port = choose_port(port)
    token = secrets.token_hex(16)
    lesson = _first_lesson(root)
    address = f"http://{_HOST}:{port}/lab/tree/{lesson}?token={token}"
    process = subprocess.Popen(
        _command(root, port, as_root=as_root),
        env=_environment(engine, token),
        stdin=subprocess.DEVNULL,
    )
    try:
        _wait(process, port)
        _check_token(port)
        print(f"JupyterLab runs. Open:\n\n    {address}\n\nCtrl-C stops it.", flush=True)
        if browser and _has_display():
            webbrowser.open(address)
        return process.wait()
    except KeyboardInterrupt:
        print("\nStopping JupyterLab.")
        return 0
    finally:
        _stop(process)


def _command(root: Path, port: int, *, as_root: bool = False) -> list[str]:
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser"),
        f"--ServerApp.ip={_HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.answer_yes=True",
        # nothing leaves this computer that nobody asked for
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
        "--log-level=WARN",
    ]
    return [*command, "--allow-root"] if as_root else command


def _environment(engine: Endpoint, token: str) -> dict[str, str]:
    # in the environment, not in the command line, which every user of the machine can read
    environment = {**os.environ, "JUPYTER_TOKEN": token}
    if engine.searched:
        environment["DOCKER_HOST"] = engine.url
    return environment


def _first_lesson(root: Path) -> str:
    lessons = sorted((root / "lessons").glob("00_*.ipynb"))
    return lessons[0].relative_to(root).as_posix() if lessons else "lessons"


def choose_port(port: int | None) -> int:
    """Give the port to use.

    Args:
        port: The one that is asked for; None for the first free one from 8888.

    Raises:
        StagelabError: It is taken, or not for this user; or none is free.
    """
    if port is not None:
        refused = _refused(port)
        if refused is None:
            return port
        raise StagelabError(
            f"Port {port} cannot be used for JupyterLab: another program listens there, perhaps "
            "a JupyterLab that you started before, or it is not for this user.",
            fix="Leave --port out, and a free one is taken; or stop the other program.",
            detail=str(refused),
        )
    for one in range(_FIRST_PORT, _FIRST_PORT + _PORTS):
        if _refused(one) is None:
            return one
    raise StagelabError(
        f"No port from {_FIRST_PORT} to {_FIRST_PORT + _PORTS - 1} is free for JupyterLab.",
        fix="Name a free one: `./course start --port 9999`.",
    )


def _refused(port: int) -> OSError | OverflowError | None:
    """Give what the system says when the port is taken, None if it is free."""
    with socket.socket() as probe:
        try:
            probe.bind((_HOST, port))
        except (OSError, OverflowError) as error:
            return error
    return None


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    with waiting() as display:
        while True:
            display("Starting JupyterLab", None, None)
            if process.poll() is not None or time.monotonic() > deadline:
                raise StagelabError(
                    "JupyterLab did not start.",
                    fix="Read what it printed above. Is the port taken? Try `--port 9999`.",
                )
            try:
                _status(port, "api")
            except OSError:
                time.sleep(0.2)
            else:
                return


def _check_token(port: int) -> None:
    """See that the token is asked for: a configuration of the user's can switch it off.

    Raises:
        StagelabError: Anybody on this machine could use JupyterLab, or it does not answer.
    """
    try:
        # the page that everybody sees: of one for programs the server would print a warning
        status = _status(port, "lab", timeout=_ANSWER_SECONDS)
    except OSError as error:
        raise StagelabError(
            "JupyterLab started, but does not answer.",
            fix="Start it again; if it stays so, restart the computer or look what takes its time.",
            detail=str(error),
        ) from error
    if status < HTTPStatus.MULTIPLE_CHOICES:
        raise StagelabError(
            "JupyterLab lets anybody in without its token, so it was stopped: a configuration "
            "file of Jupyter on this computer switches the token off.",
            fix="See where they are with `jupyter --paths`, and take `token = ''` out of them.",
        )


def _status(port: int, path: str, *, timeout: float = 5.0) -> int:
    """Ask the server, without the token, and give the answer's HTTP status.

    Never through a proxy, and a redirection (to the page that asks for the token) is not followed.

    Raises:
        OSError: It does not answer.
    """
    connection = http.client.HTTPConnection(_HOST, port, timeout=timeout)
    with contextlib.closing(connection):
        try:
            connection.request("GET", f"/{path}")
            return connection.getresponse().status
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error


def _has_display() -> bool:
    """Tell whether a browser window can open: without one, a text browser takes the terminal."""
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
