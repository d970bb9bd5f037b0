"""What a task is: where its answer is built, what it must do, and how to help."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from stagelab import _home, _unwritable
from stagelab.engine import temporary
from stagelab.exercise.course import sample_app

if TYPE_CHECKING:
    from stagelab.builds import Instruction
    from stagelab.exercise.attempt import Attempt


@dataclass(frozen=True, slots=True)
class Found:
    """What looking at one requirement found; made by `met`, `unmet` and `waiting`.

    Attributes:
        ok: Whether it is met; None if it cannot be said before an earlier one is met.
        words: What is there, why it matters, and what to do.
        at: The instruction that it is about, None if about none.
        detail: The engine's or program's own words.
    """

    ok: bool | None
    words: str
    at: Instruction | None = None
    detail: str = ""


def met(words: str) -> Found:
    """Say that a requirement is met, and by what."""
    return Found(ok=True, words=words)


def unmet(words: str, *, at: Instruction | None = None, detail: str = "") -> Found:
    """Say that a requirement is not met: what is there, why it matters, what to do."""
    return Found(ok=False, words=words, at=at, detail=detail)


def waiting() -> Found:
    """Say that there is nothing to look at before an earlier requirement is met."""
    return Found(ok=None, words="Not looked at yet: this needs what failed above.")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that an answer must do.

    Attributes:
        text: A sentence a learner reads before and after.
        look: Looks at an attempt. It may raise any StagelabError of building, running or
            reading the image: that becomes this requirement's outcome.
        hints: For a learner whose answer lacks just this: from a nudge to nearly the answer,
            three or none.
    """

    text: str
    look: Callable[[Attempt], Found]
    hints: tuple[str, ...] = ()


def hinted(requirement: Requirement, *hints: str) -> Requirement:
    """Give a requirement with hints of its own, where a task knows better ones.

    Args:
        requirement: The requirement.
        hints: Three, from a nudge to nearly the answer.
    """
    return replace(requirement, hints=hints)


@dataclass(frozen=True, slots=True)
class Task:
    """One task of one lesson.

    Attributes:
        id: Lesson and number, such as "03-1".
        title: What is to be done, a phrase.
        first: The first thing to do; said for an untouched exercise.
        requirements: What an answer must do, in the order in which a learner gets there.
        hints: From a nudge to nearly the answer, three: given before an answer was checked, and
            where what it lacks has no hints of its own.
        app: The sample app whose folder is the build context; None if `files` are the context.
        files: Without an app, the files of the context, by relative path.
        target: The stage that is built; None for the last one.
        modules: Whether the build fetches Go modules: it then gets the build argument GOPROXY.
    """

    id: str
    title: str
    first: str
    requirements: tuple[Requirement, ...]
    hints: tuple[str, ...]
    app: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    modules: bool = False

    @property
    def tag(self) -> str:
        """The tag of the image that an answer builds."""
        return f"stagelab/exercise-{self.id}"

    def context(self) -> Path:
        """Give the folder that an answer is built in, made if it is not a sample app's.

        Raises:
            ExerciseError: The sample app is not there.
        """
        if self.app is not None:
            return sample_app(self.app)
        kept = _home.cache_dir() / "exercises"
        try:
            return self._write(kept / self.id)
        except OSError as error:
            _unwritable.tell("An exercise's files are in a folder for this kernel only.", error)
            return self._write(_passing() / self.id)

    def _write(self, folder: Path) -> Path:
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_file() or path.read_bytes() != text.encode():
                path.write_bytes(text.encode())
        return folder


@cache
def _passing() -> Path:
    """Make a folder that goes with this process."""
    folder = temporary.folder("exercises")
    atexit.register(folder.cleanup)
    return Path(folder.name)
