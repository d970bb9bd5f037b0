"""A helper process: wait until another process has ended, then remove the containers it left.

Run as a script, by itself, without site-packages, so that it is small while it waits. It reads
lines from its standard input, JSON objects but for the last one:

    {"path": […], "owner": "…"}         first: where modules are found, and whom it serves
    {"engine": {…}}                     an engine that the owner makes containers on
    {"engine": {…}, "drop": "NAME"}     a container to remove now, in the owner's place
    end                                 the owner ended well: nothing is to do

The end of the input without `end` says that the owner is gone.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Wait, then do what is to be done."""
    told: list[bytes] = []
    for line in sys.stdin.buffer:
        if line == b"end\n":
            return
        told.append(line)
        if b'"drop": ' in line:
            _aside(told[0], line)
    if told:
        _reap(told[0], told[1:])


def _aside(first: bytes, line: bytes) -> None:
    import threading  # noqa: PLC0415 - needed rarely, and costs memory

    threading.Thread(target=_reap, args=(first, [line], True), daemon=True).start()


def _reap(first: bytes, lines: list[bytes], one: bool = False) -> None:  # noqa: FBT001, FBT002 - private
    import json  # noqa: PLC0415 - needed at the end only, and costs memory until then

    known = json.loads(first)
    sys.path[:] = known["path"]
    from stagelab.engine.reaping import reap  # noqa: PLC0415 - as above

    orders = [json.loads(line) for line in lines]
    name = orders[0]["drop"] if one else None
    reap(known["owner"], [order["engine"] for order in orders], name=name)


if __name__ == "__main__":
    main()
