"""Files that give away rights by their mode or by a capability.

Sources: inode(7), "The file type and mode"; capabilities(7), "File capabilities". Only programs
count as setuid and setgid: regular files that somebody may execute. World-writable are regular
files and folders; not folders with the sticky bit, such as /tmp, in which each user can change only
their own files; and neither devices nor pipes, whose mode says nothing of what is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab.image.finding import at_path
from stagelab.image.lookup import fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stagelab.image.finding import Finding
    from stagelab.image.stack import Stack

_SETUID, _SETGID, _STICKY = 0o4000, 0o2000, 0o1000
_OTHERS_WRITE = 0o002
_TELLING = _SETUID | _SETGID | _OTHERS_WRITE


def files(stack: Stack) -> Iterator[Finding]:
    """Look through the whole file system that a container sees, by path."""
    any_capability = any(layer.capabilities for layer in stack.layers)
    for entry in stack.tree:
        if not (entry.mode & _TELLING or any_capability):
            continue
        mode = f"{entry.mode:04o}"
        if entry.is_program:
            owner = f"{mode}, owner {entry.uid}:{entry.gid}"
            if entry.mode & _SETUID:
                yield at_path(stack, "setuid", entry.path, owner)
            if entry.mode & _SETGID:
                yield at_path(stack, "setgid", entry.path, owner)
        if entry.mode & _OTHERS_WRITE and (
            entry.kind == "file" or (entry.kind == "dir" and not entry.mode & _STICKY)
        ):
            yield at_path(stack, "world-writable", entry.path, mode)
        if any_capability and entry.kind == "file":
            names = fact(stack, entry.path, lambda layer: layer.capabilities)
            if names:
                yield at_path(stack, "capability", entry.path, ", ".join(names))
