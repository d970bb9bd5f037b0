"""The kernel is restarted, stopped in the middle, or not the only one on a lesson."""

from __future__ import annotations

import time

from stagelab.engine import clean
from tests.engine.namespace import needs_root_on_linux
from tests.faults.fault import boxed, counted, leave_nothing
from tests.faults.kernels import Kernel
from tests.faults.stage import Stage

pytestmark = needs_root_on_linux

TEXT = "FROM alpine:3.22\\nRUN echo {} > /said\\n"
FIRST = f'from stagelab import build, connect, run\nbuilt = build("{TEXT}", tag="stagelab/twice")'
NEXT = 'assert run(built, "cat", "/said").ok; print(built.tag)'
TIDY = "from stagelab import tidy; tidy()"


def test_a_restarted_kernel_says_which_cells_to_run(stage: Stage, turn: int) -> None:
    kernel = stage.kernel
    with counted("kernel restarted", "real: Restart Kernel between two cells", "its names") as row:
        first = kernel.run(FIRST.format(turn))
        assert not first.error, first.text
        kernel.restart()
        said = kernel.run(NEXT)
        assert said.error == "NameError", said.text
        boxed(said)
        assert "run" in said.plain
        assert "restarted" in said.plain, said.plain
        assert "above" in said.plain, said.plain
        for cell in (FIRST.format(turn), NEXT, TIDY):
            said = kernel.run(cell)
            assert not said.error, said.text
        leave_nothing(row, stage.leftovers())


def test_a_kernel_restarted_in_a_build_leaves_nothing_of_it(stage: Stage, turn: int) -> None:
    assert turn >= 0
    kernel = stage.kernel
    name = "kernel restarted in mid-build"
    with counted(name, "real: Restart Kernel while a RUN runs", "the build under way") as row:
        cell = "from stagelab import build\nbuild('FROM alpine:3.22\\nRUN sleep {}\\n')"
        kernel.begin(cell.format(stage.marker))
        stage.until_running()
        kernel.process.kill()
        kernel.restart()
        for cell in (FIRST.format(turn), NEXT, TIDY):
            said = kernel.run(cell)
            assert not said.error, said.text
        leave_nothing(row, stage.leftovers())


def test_two_kernels_on_one_lesson_are_in_nobodys_way(stage: Stage, turn: int) -> None:
    session = f"{stage.session}-2"
    environment = {**stage.environment(), "STAGELAB_SESSION": session}
    name = "a second kernel on the same lesson"
    with counted(name, "real: the same cells in two kernels at once", "nothing") as row:
        second = Kernel(stage.folder / "second", environment)
        try:
            kernels = (stage.kernel, second)
            for cell in (FIRST.format(turn), NEXT):
                begun = [kernel.begin(cell) for kernel in kernels]
                ends = zip(kernels, begun, strict=True)
                for said in [kernel.end(identity) for kernel, identity in ends]:
                    assert not said.error, said.text
            said = stage.kernel.run(TIDY)
            assert not said.error, said.text
            for cell in (NEXT, 'assert connect().images.get("stagelab/twice")', TIDY):
                said = second.run(cell)
                assert not said.error, said.text
        finally:
            second.stop()
        leave_nothing(row, stage.leftovers())
        left = clean(stage.client, session=session, build_cache=False, dry_run=True)
        assert left.total == 0, left


def test_a_cell_that_is_stopped_ends_at_once(stage: Stage, turn: int) -> None:
    assert turn >= 0
    with counted("a learner's own loop", "real: Interrupt Kernel", "nothing") as row:
        cell = stage.kernel.begin("import time\nwhile True: time.sleep(0.05)")
        time.sleep(0.3)
        stage.kernel.interrupt()
        said = stage.kernel.end(cell, timeout=10)
        assert said.error == "KeyboardInterrupt"
        boxed(said)
        after = stage.kernel.run("print('well')")
        assert after.printed == "well\n"
        leave_nothing(row, stage.leftovers())
