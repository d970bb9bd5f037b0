"""An engine of another Debian release, beside whatever runs on this machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import docker
from docker.errors import DockerException

Store = Literal["overlay2", "containerd"]

_PACKAGES = "docker.io,ca-certificates,iptables,iproute2"
_COMPLETE = "stagelab-complete"
_READY_SECONDS = 120
_STOP_SECONDS = 30

_START = """
set -eu
ROOT=$1; WORK=$2
# a root of its own, entered by pivot_root: runc refuses to leave a chroot
mount --bind "$ROOT" "$ROOT"
for EACH in sys dev; do mount --rbind "/$EACH" "$ROOT/$EACH"; done
mount -t proc proc "$ROOT/proc"
mount -t tmpfs tmpfs "$ROOT/run"
mount -t tmpfs tmpfs "$ROOT/tmp"
touch "$ROOT/etc/resolv.conf"
mount --bind "$(readlink -f /etc/resolv.conf)" "$ROOT/etc/resolv.conf"
mkdir -p "$ROOT$WORK" "$ROOT/old"
mount --rbind "$WORK" "$ROOT$WORK"
cd "$ROOT"
pivot_root . old
umount -l /old
exec dockerd --config-file "$WORK/daemon.json"
"""
# It is the first process of its process namespace, and takes all others with it when it ends.


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine to be started.

    Args:
        suite: The Debian release that it is taken from.
        store: Where it keeps images.
        folder: Folder of everything of it; short, since sockets are in it.
        number: Tells its addresses from other engines' of this kind; 0 to 99.
    """

    suite: str
    store: Store
    folder: Path
    number: int

    @property
    def name(self) -> str:
        """Suite and store."""
        return f"{self.suite}-{self.store}"

    @property
    def work(self) -> Path:
        """Folder of its data, sockets and log."""
        return self.folder / self.name

    @property
    def url(self) -> str:
        """Where it answers, as DOCKER_HOST names it."""
        return f"unix://{self.work}/docker.sock"

    @property
    def bridge(self) -> str:
        """Its own bridge: two engines must not share one."""
        return f"slmatrix{self.number}"


def make_root(suite: str, folder: Path) -> Path:
    """Make a root with a release's engine in it, unless it is there.

    Args:
        suite: The Debian release.
        folder: Where roots are.
    """
    root = folder / f"root-{suite}"
    if not (root / _COMPLETE).exists():
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(
            ["mmdebstrap", "--variant=minbase", f"--include={_PACKAGES}",
             # a mirror may be behind; what it has is signed all the same
             "--aptopt=Acquire::Check-Valid-Until false", suite, str(root)],
            check=True,
        )  # fmt: skip
        (root / _COMPLETE).touch()
    return root


@contextmanager
def running(engine: Engine) -> Iterator[docker.DockerClient]:
    """Run an engine; everything that it held is gone afterwards, and so is its bridge.

    Args:
        engine: It.

    Raises:
        RuntimeError: It did not become ready; the message has its last words.
    """
    root = make_root(engine.suite, engine.folder)
    shutil.rmtree(engine.work, ignore_errors=True)
    engine.work.mkdir(parents=True)
    _configure(engine)
    log = engine.work / "dockerd.log"
    _bridge("add", engine)
    try:
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", _START,
                 "bash", str(root), str(engine.work)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        try:
            yield _wait(engine, process, log)
        finally:
            _end(process)
    finally:
        _bridge("delete", engine)
        shutil.rmtree(engine.work, ignore_errors=True)


def _configure(engine: Engine) -> None:
    settings = {
        "hosts": [engine.url],
        "data-root": str(engine.work / "data"),
        "exec-root": str(engine.work / "exec"),
        "pidfile": str(engine.work / "pid"),
        "bridge": engine.bridge,
        "default-address-pools": [{"base": f"10.{100 + engine.number}.0.0/16", "size": 24}],
        # filter rules are for the whole machine, and another engine has its own
        "iptables": False,
        "ip6tables": False,
        "features": {"containerd-snapshotter": engine.store == "containerd"},
    }
    if engine.store == "overlay2":
        settings["storage-driver"] = "overlay2"
    (engine.work / "daemon.json").write_text(json.dumps(settings), encoding="utf-8")


def _bridge(action: Literal["add", "delete"], engine: Engine) -> None:
    with suppress(subprocess.CalledProcessError):  # left by one that was killed, or gone
        subprocess.run(
            ["ip", "link", "delete", engine.bridge], check=True, stderr=subprocess.DEVNULL
        )
    if action == "add":
        for words in (
            ["link", "add", engine.bridge, "type", "bridge"],
            ["addr", "add", f"10.{100 + engine.number}.255.1/24", "dev", engine.bridge],
            ["link", "set", engine.bridge, "up"],
        ):
            subprocess.run(["ip", *words], check=True)


def _wait(engine: Engine, process: subprocess.Popen[bytes], log: Path) -> docker.DockerClient:
    deadline = time.monotonic() + _READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(DockerException, OSError):
            if (engine.work / "docker.sock").exists():
                client = docker.DockerClient(base_url=engine.url, version="auto", timeout=600)
                client.ping()
                return client
        time.sleep(0.2)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    raise RuntimeError(f"{engine.name} did not become ready:\n{tail}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask dockerd to stop, so that its mounts are gone; then end whatever is left."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(int(child), signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
