"""What a kernel does until it is killed: the steps of a lesson, in a random order, without end."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from stagelab import build, check, run, serve, tidy, xray

ALPINE = "alpine:3.22"
LONG = 1 / 3
"""How many of the steps that wait do so until they are killed."""

SERVER = """\
FROM alpine:3.22
CMD ["sh", "-c", "while :; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\nhere' | nc -l -p 8080; done"]
"""

# an answer that builds and runs in no time; the task wants another one, and says so
ANSWER = """\
FROM alpine:3.22
WORKDIR /app
RUN echo {stamp}; printf '#!/bin/sh\\nsleep {pause}; echo Hello' > myapp && chmod +x myapp
ENTRYPOINT ["./myapp"]
"""


class Lesson:
    """The steps.

    Args:
        seed: Of their order and of what waits for how long.
        marker: Eight digits, by which what runs can be told from what others run.
        journal: Where it is written down which step is under way.
    """

    def __init__(self, seed: int, marker: str, journal: Path) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._marker = marker
        self._journal = journal
        self._count = itertools.count()

    def go_on(self) -> None:
        """Do one step after the other."""
        steps: tuple[Callable[[], object], ...] = (
            self.build_by_buildkit,
            self.build_by_classic,
            self.build_with_a_secret,
            self.run_a_container,
            self.serve_and_ask,
            self.look_into_an_image,
            self.check_an_answer,
            tidy,
        )
        while True:
            step = self._random.choice(steps)
            self._journal.write_text(f"{step.__name__}\n")
            step()

    def build_by_buildkit(self) -> None:
        build(f"FROM {ALPINE}\nRUN {self._work()}\n", builder="buildkit", quiet=True)

    def build_by_classic(self) -> None:
        build(f"FROM {ALPINE}\nRUN {self._work()}\n", builder="classic", quiet=True)

    def build_with_a_secret(self) -> None:
        mount = "--mount=type=secret,id=token"
        text = f"FROM {ALPINE}\nRUN {mount} {self._work()}\n"
        build(text, secrets={"token": os.urandom(8)}, quiet=True)

    def run_a_container(self) -> None:
        run(ALPINE, "sh", "-c", self._work())

    def serve_and_ask(self) -> None:
        image = build(SERVER, tag=f"stagelab/kills:{self._marker}", quiet=True)
        with serve(image, 8080) as service:
            with suppress(OSError):  # it may be between two connections
                service.get(timeout=1)
            service.stop(grace=1 if self._random.random() < LONG else 0)

    def look_into_an_image(self) -> None:
        text = f"FROM {ALPINE}\nRUN head -c 2000000 /dev/urandom > /noise\nRUN {self._stamp()}\n"
        assert xray(build(text, quiet=True)).size_bytes > 2_000_000

    def check_an_answer(self) -> None:
        check("01-1", ANSWER.format(stamp=self._stamp(), pause=self._pause()))

    def _work(self) -> str:
        return f"{self._stamp()}; sleep {self._pause()}"

    def _stamp(self) -> str:
        """Give a command that no build before had, so that its step is not in the cache."""
        return f"echo {self._marker} {next(self._count)}"

    def _pause(self) -> str:
        if self._random.random() < LONG:
            return f"300.{self._marker}"
        return f"{self._random.uniform(0.02, 0.3):.2f}"
