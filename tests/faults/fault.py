"""What a fault is, how it is proved to be survived, and the table of all that were."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tests.faults.kernels import Said
    from tests.faults.stage import Stage

Provoke = Callable[["Stage"], Iterator[None]]

FIX = "Fix: "
WORDS = "The original words:"


@dataclass(frozen=True)
class Fault:
    """One fault: how it comes about, what the learner is told, and what cures it.

    Attributes:
        name: What it is, a phrase.
        how: Whether the engine is a real one or pretended.
        provoked: How it is brought about, a phrase.
        cell: The learner's cell that meets it.
        provoke: Brings it about, gives the control back, and applies the cure.
        error: Class of the error that ends the cell; "" if it must pass, with a note or without.
        cause: Phrases that are said before the cure.
        fix: Phrases that the cure contains.
        words: Phrases of the engine's or system's own words.
        lost: What the learner lost.
        before: A cell that is run first, while all is well.
        strike: What happens while the cell runs.
        cured: The cell with the cure, where the cure is in the cell itself.
        clean: Cell that tidies up at the end.
    """

    name: str
    how: Literal["real", "fake"]
    provoked: str
    cell: str
    provoke: Provoke
    error: str = ""
    cause: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    lost: str = "nothing"
    before: str = ""
    strike: Callable[[Stage], None] | None = None
    cured: str = ""
    clean: str = "from stagelab import tidy; tidy()"


@dataclass
class Row:
    """A line of the table."""

    name: str
    provoked: str
    lost: str
    times: int = 0
    failed: int = 0
    left: int = 0
    kinds: set[str] = field(default_factory=set)


TABLE: dict[str, Row] = {}


@contextlib.contextmanager
def counted(name: str, provoked: str, lost: str) -> Iterator[Row]:
    """Count a fault in the table, and whether it was survived."""
    row = TABLE.setdefault(name, Row(name, provoked, lost))
    row.times += 1
    try:
        yield row
    except BaseException:
        row.failed += 1
        raise


def leave_nothing(row: Row, left: dict[str, list[str]]) -> None:
    """Note what is left, and insist that it is nothing."""
    row.left += sum(map(len, left.values()))
    row.kinds |= {kind for kind, found in left.items() if found}
    assert not any(left.values()), left


def prove(fault: Fault, stage: Stage) -> None:
    """Bring a fault about, read what is said, cure it, and go on in the same kernel."""
    kernel = stage.kernel
    with counted(fault.name, f"{fault.how}: {fault.provoked}", fault.lost) as row:
        if fault.before:
            said = kernel.run(fault.before)
            assert not said.error, said.text
        process = kernel.process.pid
        with brought_about(fault, stage):
            cell = kernel.begin(fault.cell)
            if fault.strike is not None:
                fault.strike(stage)
            judge(fault, kernel.end(cell))
        again = kernel.run(fault.cured or fault.cell)
        assert not again.error, f"after the cure: {again.text}"
        assert kernel.process.pid == process, "the kernel is the same"
        tidied = kernel.run(fault.clean)
        assert not tidied.error, tidied.text
        leave_nothing(row, stage.leftovers())


@contextlib.contextmanager
def brought_about(fault: Fault, stage: Stage) -> Iterator[None]:
    """Let a fault last as long as the block; it is cured at the end, whatever happens."""
    course = fault.provoke(stage)
    next(course)
    try:
        yield
    finally:
        for _ in course:
            raise AssertionError("a fault has one beginning and one end")


def judge(fault: Fault, said: Said) -> None:
    """Compare what a cell said with what it should."""
    assert said.error == fault.error, said.text
    assert "Traceback (most recent call last)" not in said.text + said.traceback, said.text
    if fault.error:
        boxed(said)
        text = said.plain
    else:
        text = said.text
    told = " ".join(text.split())
    start, _, rest = told.partition(FIX)
    fix, _, words = rest.partition(WORDS)
    for parts, where in ((fault.cause, start), (fault.fix, fix), (fault.words, words)):
        for part in parts:
            assert part in where, f"{part!r} is not in {where!r}; all that was said:\n{text}"
    if fault.error:
        assert fix.strip(), text


def boxed(said: Said) -> None:
    """Insist on a readable box with a plain twin, and then the error in one line."""
    assert 'role="alert"' in said.html, said
    assert said.error in said.plain
    assert "display_data" in said.order[: said.order.index("error")], said.order
    assert len(said.traceback.splitlines()) == 1, said.traceback
