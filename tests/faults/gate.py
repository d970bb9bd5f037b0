"""A gate before a real engine: a Unix socket that relays, and that can be shut, cut or held.

What is behind it is the real engine; only the way to it fails, as a learner's would.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

_PIECE = 1 << 16


class Gate:
    """Relays every connection to an engine's socket.

    Attributes:
        path: Where it listens.
        engine: The engine's socket.
        held: While it is set, nothing is carried to the engine.
    """

    def __init__(self, path: Path, engine: str) -> None:
        self.path = path
        self.engine = engine
        self.held = threading.Event()
        self._most: int | None = None
        self._pairs: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def open(self) -> None:
        """Listen."""
        self.path.unlink(missing_ok=True)
        self.held.clear()
        self._most = None
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen(64)
        self._listener = listener
        self._thread = threading.Thread(target=self._accept, args=(listener,), daemon=True)
        self._thread.start()

    def shut(self, *, leave_socket: bool = False) -> None:
        """Stop listening and break every connection; a dead engine may leave its socket."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            assert self._thread is not None
            self._thread.join()
        self.cut()
        if not leave_socket:
            self.path.unlink(missing_ok=True)

    def cut(self) -> None:
        """Break every connection that is open."""
        pairs, self._pairs = self._pairs, []
        for one in pairs:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def cut_after(self, most: int) -> None:
        """Break the next connection by which the engine has sent so many bytes, and shut."""
        self._most = most

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                outside, _ = listener.accept()
            except OSError:
                return
            inside = socket.socket(socket.AF_UNIX)
            try:
                inside.connect(self.engine)
            except OSError:
                outside.close()
                inside.close()
                continue
            self._pairs += [outside, inside]
            for source, target, back in ((outside, inside, False), (inside, outside, True)):
                threading.Thread(
                    target=self._carry, args=(source, target, back), daemon=True
                ).start()

    def _carry(self, source: socket.socket, target: socket.socket, back: bool) -> None:
        sent = 0
        with contextlib.suppress(OSError):
            while data := source.recv(_PIECE):
                if self.held.is_set() and not back:
                    continue
                sent += len(data)
                if back and self._most is not None and sent > self._most:
                    threading.Thread(target=self.shut, daemon=True).start()
                    break
                target.sendall(data)
        for one, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
            with contextlib.suppress(OSError):
                one.shutdown(how)
        if back:  # the engine has said its last word
            source.close()
            target.close()
