"""Where one stand-in is made: a folder for its parts, and the programs that make them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stagelab.bases.standin.platforms import Platform
from stagelab.errors import StandInFailed

_KEPT_LINES = 25


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a recipe is given to work with.

    Args:
        folder: Empty folder for the parts; removed afterwards.
        platform: For which architecture.
        certificates: The host's CA bundle, PEM.
        say: Reports what is being done, a phrase.
        cancelled: Set when nobody wants the result any more.
    """

    folder: Path
    platform: Platform
    certificates: bytes
    say: Callable[[str], None]
    cancelled: threading.Event = field(default_factory=threading.Event)

    def run(
        self,
        command: Sequence[str],
        *,
        failed: str,
        fix: str,
        env: Mapping[str, str] | None = None,
        heard: Callable[[str], None] | None = None,
    ) -> None:
        """Run a program to its end, or until the work is cancelled.

        Args:
            command: Program and arguments; no shell.
            failed: The error's cause if it ends with an error.
            fix: The error's fix.
            env: Variables set in addition to ours.
            heard: Gets every line that it prints, either stream.

        Raises:
            StandInFailed: It cannot be started or ended with an error; detail is its last lines.
        """
        tail: deque[str] = deque(maxlen=_KEPT_LINES)
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,  # a group of its own, see _end
            )
        except OSError as error:
            raise StandInFailed(failed, fix=fix, detail=str(error)) from error
        with process:
            ended = threading.Event()
            threading.Thread(target=self._watch, args=(process, ended), daemon=True).start()
            try:
                for raw in process.stdout or ():
                    line = raw.decode(errors="replace").rstrip()
                    tail.append(line)
                    if heard is not None:
                        heard(line)
                code = process.wait()
            except BaseException:
                _end(process)
                raise
            finally:
                ended.set()
        if code != 0:
            raise StandInFailed(failed, fix=fix, detail="\n".join(tail))

    def _watch(self, process: subprocess.Popen[bytes], ended: threading.Event) -> None:
        while not ended.wait(0.1):
            if self.cancelled.is_set():
                _end(process)
                return


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a program and what it started to end.

    mmdebstrap, asked alone, first lets dpkg come to its end. Asked all together, dpkg fails, and
    mmdebstrap unmounts and removes its root at once.
    """
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGTERM)
    else:
        process.terminate()
