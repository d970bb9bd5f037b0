"""Serve the build context to the engine file by file, as `docker buildx` does.

BuildKit's `FileSync.DiffCopy` (`session/filesync`) over the packets of `tonistiigi/fsutil`: we
send one STAT for each file, numbered from 0 in the order of a walk, and an empty one at the end;
the engine asks (REQ) for the files it does not have yet; we send them (DATA, an empty one ends a
file); FIN goes both ways. In this way the Dockerfile travels apart from the context, so that
editing it does not change what `COPY . .` copies, and unchanged files are not sent again.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Iterable, Iterator

from stagelab.builds._protobuf import message_classes
from stagelab.builds.context import Context, Entry, read_file
from stagelab.builds.session import Handler, Metadata, Refusal
from stagelab.errors import ContextError

_CLASSES = message_classes(
    "stagelab.fsutil.types",
    {
        "Stat": {
            "path": (1, "string"),
            "mode": (2, "uint32"),
            "uid": (3, "uint32"),
            "gid": (4, "uint32"),
            "size": (5, "int64"),
            "modTime": (6, "int64"),
            "linkname": (7, "string"),
        },
        # The type is an enum on the wire, which is a varint as int32 is.
        "Packet": {
            "type": (1, "int32"),
            "stat": (2, "Stat"),
            "ID": (3, "uint32"),
            "data": (4, "bytes"),
        },
    },
)
_Packet, _Stat = _CLASSES["Packet"], _CLASSES["Stat"]
_STAT, _REQ, _DATA, _FIN, _ERR = range(5)

DIFF_COPY = "/moby.filesync.v1.FileSync/DiffCopy"
_NOT_FOUND = 5  # gRPC status

# Go's os.FileMode bits, which fsutil sends
_GO_DIR, _GO_SYMLINK = 1 << 31, 1 << 27
_GO_SETUID, _GO_SETGID, _GO_STICKY = 1 << 23, 1 << 22, 1 << 20


def handlers(context: Context) -> dict[str, Handler]:
    """Give the gRPC methods that serve `context` and its Dockerfile."""
    served = _Served(context)
    return {DIFF_COPY: served.diff_copy}


class _Served:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._made_ns = time.time_ns()

    def diff_copy(
        self, metadata: Metadata, messages: Iterator[bytes], send: Callable[[bytes], None]
    ) -> None:
        folder = metadata.get("dir-name", ("",))[0]
        if folder == "dockerfile":
            self._send_dockerfile(messages, send)
        elif folder == "context":
            # The engine first looks for a .dockerignore of its own account: ours has been applied.
            asks_ignore = metadata.get("followpaths") == (".dockerignore",)
            entries = () if asks_ignore else self._context.entries
            _serve(map(_stat, entries), lambda n: read_file(entries[n]), messages, send)
        else:
            raise Refusal(_NOT_FOUND, f"no folder {folder!r}")

    def _send_dockerfile(self, messages: Iterator[bytes], send: Callable[[bytes], None]) -> None:
        data = self._context.dockerfile.encode()
        entry = _Stat(path="Dockerfile", mode=0o644, size=len(data), modTime=self._made_ns)
        _serve([entry], lambda _: iter([data]), messages, send)


def _serve(
    stats: Iterable[object],
    read: Callable[[int], Iterator[bytes]],
    messages: Iterator[bytes],
    send: Callable[[bytes], None],
) -> None:
    for entry in stats:
        send(_Packet(type=_STAT, stat=entry).SerializeToString())
    send(_Packet(type=_STAT).SerializeToString())
    for message in messages:
        packet = _Packet.FromString(message)
        if packet.type == _REQ:
            for chunk in read(packet.ID):
                for start in range(0, len(chunk), 1 << 15):
                    data = chunk[start : start + (1 << 15)]
                    send(_Packet(type=_DATA, ID=packet.ID, data=data).SerializeToString())
            send(_Packet(type=_DATA, ID=packet.ID).SerializeToString())
        elif packet.type == _FIN:
            send(_Packet(type=_FIN).SerializeToString())
            return
        elif packet.type == _ERR:
            return


def _stat(entry: Entry) -> object:
    mode = stat.S_IMODE(entry.mode) & 0o777
    for bit, go in ((stat.S_ISUID, _GO_SETUID), (stat.S_ISGID, _GO_SETGID), (0o1000, _GO_STICKY)):
        if entry.mode & bit:
            mode |= go
    if entry.is_dir:
        mode |= _GO_DIR
    elif entry.link is not None:
        mode |= _GO_SYMLINK
    try:
        entry.path.encode()
        (entry.link or "").encode()
    except UnicodeEncodeError as error:
        raise ContextError(
            f"A name in the build context is not UTF-8: {entry.path!a}.",
            fix="Rename that file, or leave it out by a line in .dockerignore.",
            detail=str(error),
        ) from None
    return _Stat(
        path=entry.path,
        mode=mode,
        size=entry.size,
        modTime=entry.mtime_ns,
        linkname=entry.link or "",
    )
