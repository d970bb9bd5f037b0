"""A real kernel, spoken to as JupyterLab does, in a mount namespace of its own."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.connect import write_connection_file

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_BOX = "stagelab-trouble"
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass
class Said:
    """What a cell said.

    Attributes:
        error: Class of the error that ended it, "" if none did.
        value: The error's words, as the protocol's `evalue`.
        traceback: Its lines.
        html: Of the box that tells of the error, "" if there is none.
        plain: The box's plain twin.
        printed: What it wrote to both outputs.
        results: Plain texts of what it showed otherwise.
        order: Kinds of the messages, in order.
    """

    error: str = ""
    value: str = ""
    traceback: str = ""
    html: str = ""
    plain: str = ""
    printed: str = ""
    results: list[str] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that can be read."""
        return "\n".join([self.plain or self.traceback, self.printed, *self.results])


class Kernel:
    """A kernel's process and the way to it.

    Args:
        folder: Its own: connection file, temporary files.
        environment: Environment variables beside this process's.
        before: Shell commands that run before it in its mount namespace.
    """

    def __init__(self, folder: Path, environment: dict[str, str], before: str = "") -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.temporary = folder / "tmp"
        self.temporary.mkdir(exist_ok=True)
        self.environment = environment
        self.before = before
        self._start()

    def _start(self) -> None:
        file, _ = write_connection_file(str(self.folder / "kernel.json"))
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("DOCKER_", "STAGELAB_", "PYTEST_")) and key not in _BUNDLES
        }
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", file]
        with (self.folder / "kernel.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-ec", f'{self.before}\nexec "$@"', "sh", *command],
                env={**kept, "TMPDIR": str(self.temporary), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.client = BlockingKernelClient(connection_file=file)
        self.client.load_connection_file()
        self.client.start_channels(hb=False)  # on a busy machine it takes a slow start for a death
        self._wait()

    def _wait(self) -> None:
        """Wait until it answers on both channels."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.folder / "kernel.log").read_text()
            self.client.kernel_info()
            with contextlib.suppress(queue.Empty):
                self.client.get_shell_msg(timeout=1)
                self.client.get_iopub_msg(timeout=1)
                return
        raise AssertionError("the kernel does not answer")

    def restart(self) -> None:
        """End it as JupyterLab's Restart Kernel does, and start it again."""
        self.stop()
        self._start()

    def stop(self) -> None:
        """End it."""
        self.client.shutdown()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.client.stop_channels()
        self.client.context.term()

    def interrupt(self) -> None:
        """Do what JupyterLab's Interrupt Kernel does."""
        self.process.send_signal(signal.SIGINT)

    def begin(self, cell: str) -> str:
        """Execute a cell without waiting for it."""
        return str(self.client.execute(cell))

    def end(self, identity: str, *, timeout: float = 240) -> Said:
        """Wait for a cell's end and give what it said."""
        said = Said()
        deadline = time.monotonic() + timeout
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no end of the cell; so far: {said.text}") from None
            if message["parent_header"].get("msg_id") != identity:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return said
            if kind not in {"status", "execute_input"}:
                said.order.append(kind)
            self._take(said, kind, content)

    def run(self, cell: str, *, timeout: float = 240) -> Said:
        """Execute a cell to its end."""
        return self.end(self.begin(cell), timeout=timeout)

    def value(self, expression: str) -> Any:  # noqa: ANN401  # any JSON
        """Give what an expression has as its value in the kernel."""
        said = self.run(f"import json as _json; print(_json.dumps({expression}))")
        assert not said.error, said.text
        return json.loads(said.printed)

    def inside(self, *command: str) -> None:
        """Run a command in the kernel's mount namespace."""
        subprocess.run(
            ["nsenter", "--mount", "--target", str(self.process.pid), *command],
            check=True,
            capture_output=True,
        )

    @staticmethod
    def _take(said: Said, kind: str, content: dict[str, Any]) -> None:
        if kind == "stream":
            said.printed += content["text"]
        elif kind == "error":
            said.error, said.value = content["ename"], content["evalue"]
            said.traceback = _ANSI.sub("", "\n".join(content["traceback"]))
        elif kind in {"display_data", "execute_result"}:
            data = content["data"]
            if _BOX in data.get("text/html", ""):
                said.html, said.plain = data["text/html"], data.get("text/plain", "")
            else:
                said.results.append(data.get("text/plain", ""))
