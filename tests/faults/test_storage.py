"""The course's folders cannot be written: lessons go on, and what is kept is kept again later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.namespace import needs_root_on_linux
from tests.faults.fault import Fault, boxed, counted, leave_nothing, prove
from tests.faults.kernels import Kernel
from tests.faults.stage import Stage

pytestmark = needs_root_on_linux

LESSON = """\
from stagelab import build, run, xray, check, progress
from stagelab import _unwritable; _unwritable._told.clear()
built = build("FROM alpine:3.22\\nRUN date > /when\\n", nocache=True, quiet=True)
assert run(built, "true").ok and xray(built).files
print(check("04-1", "FROM alpine:3.22\\nRUN true\\n"))
progress("04")"""


def read_only(stage: Stage) -> Iterator[None]:
    """A file system in the place of STAGELAB_HOME that can only be read; the cure takes it away."""
    stage.home.mkdir(exist_ok=True)
    home = str(stage.home)
    stage.kernel.inside("mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", home)
    yield
    stage.kernel.inside("umount", home)
    _kept_again(stage)


def emptied(stage: Stage) -> Iterator[None]:
    """A full disk; the cure frees space on it, and it stays in its place."""
    stage.home.mkdir(exist_ok=True)
    home = str(stage.home)
    stage.kernel.inside("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", home)
    stage.kernel.inside("sh", "-c", f"dd if=/dev/zero of={home}/filler bs=4k || true")
    yield
    stage.kernel.inside("rm", f"{home}/filler")
    _kept_again(stage)
    stage.kernel.inside("umount", home)


def _kept_again(stage: Stage) -> None:
    said = stage.kernel.run(LESSON)
    assert not said.error, said.text
    assert "cannot write" not in said.text, said.text
    written = stage.kernel.value(
        "sorted(p.name for p in __import__('pathlib').Path("
        "__import__('os').environ['STAGELAB_HOME']).rglob('*') if p.is_file())"
    )
    assert any(name.endswith(".jsonl") for name in written), "the ledger"
    assert any(name.startswith("layer-") for name in written), "the facts of layers"


NOTE = ("Note: the course cannot write to", "Your work goes on.")
KEPT = ("is remembered by this kernel only",)
CURE = ("STAGELAB_HOME", "without a restart")
FAULTS = [
    Fault(
        "read-only home", "real", "a read-only file system at STAGELAB_HOME", LESSON,
        read_only, cause=(*NOTE, *KEPT, "can only be read"), fix=CURE,
        words=("Read-only file system",), lost="nothing (the cache is not used)",
    ),
    Fault(
        "no space for the cache", "real", "a full file system at STAGELAB_HOME", LESSON,
        emptied, cause=(*NOTE, "The disk is full"), fix=("Free space", *CURE),
        words=("No space left on device",), lost="nothing (the cache is not used)",
    ),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_is_told_and_cured_in_the_same_kernel(fault: Fault, stage: Stage, turn: int) -> None:
    assert turn >= 0
    prove(fault, stage)


def test_a_kernel_in_a_home_that_is_read_only(stage: Stage, turn: int) -> None:
    """HOME itself is read-only: IPython's own folder, ~/.docker, ~/.cache and ~/.local with it."""
    assert turn >= 0
    home = stage.folder / "readonly"
    home.mkdir(exist_ok=True)
    environment = {
        key: value
        for key, value in stage.environment().items()
        if key not in {"STAGELAB_HOME", "STAGELAB_PROGRESS", "IPYTHONDIR", "DOCKER_CONFIG"}
    }
    with counted("kernel in a read-only HOME", "real: a read-only file system", "nothing") as row:
        kernel = Kernel(
            stage.folder / "second",
            {**environment, "HOME": str(home)},
            f"mount -t tmpfs tmpfs /run; mount -t tmpfs -o ro,size=1m tmpfs {home}",
        )
        try:
            said = kernel.run(LESSON)
            assert not said.error, said.text
            assert all(part in said.text for part in (*NOTE, *KEPT, *CURE)), said.text
            broken = kernel.run('from stagelab import build\nbuild("FROM scratch\\nRUN x\\n")')
            assert broken.error == "BuildFailed"
            boxed(broken)
            again = kernel.run("from stagelab import tidy; tidy()")
            assert not again.error, again.text
        finally:
            kernel.stop()
        leave_nothing(row, stage.leftovers())
        # IPython makes a folder of its own there, in place of the one in HOME
        assert [path for path in kernel.temporary.iterdir() if "stagelab" in path.name] == []
