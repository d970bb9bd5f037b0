"""Remember every container of the course that is started while the tests run, as the engine has it.

The engine tells of a container before it answers who made it, so it is looked at before it can be
gone. Lessons, solutions and checks run in kernels of their own; all are seen, whoever made them.
"""

from __future__ import annotations

import contextlib
import re
import threading
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import DockerException, NotFound

from stagelab.containers import cage
from stagelab.engine.connecting import find
from stagelab.engine.endpoint import open_client
from stagelab.engine.labels import COURSE_LABEL, NAME_LABEL

TOOL = {"org.stagelab.tests": "tool"}
"""Labels of a container by which a test looks at an image from inside; it needs no cage."""

MEMORY = 512 * 2**20
"""Most memory that a container of the course may be given."""


_UNNAMED = re.compile(r"[0-9a-f]{64}$")  # a volume that goes with its container


@dataclass(frozen=True, slots=True)
class Seen:
    """A container that was started.

    Attributes:
        name: Its name.
        labels: Its labels.
        attrs: As the engine inspects it; {} if it was gone too soon.
    """

    name: str
    labels: dict[str, str]
    attrs: dict[str, Any]

    @property
    def caged_by_name(self) -> bool:
        """Whether its labels say that the course made it, other than a tool or a builder."""
        return self.labels.get(NAME_LABEL) == self.name

    @property
    def judged(self) -> bool:
        """Whether it must be caged: all but tests' tools and the classic builder's RUN steps."""
        host = self.attrs.get("HostConfig", {})
        return not (TOOL.items() <= self.labels.items() or host["LogConfig"]["Type"] == "none")


class Recorder:
    """Listens to the engine that the tests run on."""

    def __init__(self) -> None:
        found = find()
        self._client: docker.DockerClient = open_client(found.endpoint, timeout=600)
        self._made: dict[str, dict[str, Any]] = {}
        self.started: dict[str, Seen] = {}
        self._stream = self._client.events(
            decode=True,
            filters={
                "type": "container",
                "event": ["create", "start"],
                "label": f"{COURSE_LABEL}=1",
            },
        )
        self._thread = threading.Thread(target=self._listen, name="recorder", daemon=True)
        self._thread.start()

    @property
    def listens(self) -> bool:
        """Whether it still hears the engine."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop listening."""
        self._stream.close()
        self._thread.join(timeout=5)
        self._client.close()

    def _listen(self) -> None:
        with contextlib.suppress(DockerException, OSError, ValueError, AttributeError):
            for event in self._stream:
                actor = event["Actor"]
                if event["Action"] == "create":
                    self._made[actor["ID"]] = self._inspect(actor["ID"])
                    continue
                attrs = self._made.get(actor["ID"]) or self._inspect(actor["ID"])
                marks = dict(actor["Attributes"])
                self.started[actor["ID"]] = Seen(marks.get("name", ""), marks, attrs)

    def _inspect(self, container: str) -> dict[str, Any]:
        try:
            return dict(self._client.api.inspect_container(container))
        except NotFound:
            return {}


def holes(attrs: dict[str, Any]) -> list[str]:
    """Say what a container may do that no container of the course may; [] if it is caged.

    Args:
        attrs: As the engine inspects it.
    """
    host = attrs["HostConfig"]
    ports = [each for found in (host["PortBindings"] or {}).values() for each in found or ()]
    ulimits = {each["Name"]: each["Hard"] for each in host["Ulimits"] or ()}
    mounts = [mount for mount in attrs["Mounts"] if mount["Type"] != "tmpfs"]
    checks = {
        "it has a network": host["NetworkMode"] == "none" or bool(ports),
        "a port is open to others": all(port["HostIp"] == "127.0.0.1" for port in ports),
        "all its ports are published": not host["PublishAllPorts"],
        "it is privileged": not host["Privileged"],
        "it keeps capabilities": host["CapDrop"] == ["ALL"] and not host["CapAdd"],
        "it may get privileges": "no-new-privileges" in (host["SecurityOpt"] or ()),
        "no profile confines it": not any("unconfined" in o for o in host["SecurityOpt"] or ()),
        "its memory has no limit": 0 < host["Memory"] <= MEMORY,
        "it may swap": host["MemorySwap"] == host["Memory"],
        "it may use every processor": 0 < host["NanoCpus"] <= cage.CPUS * 1e9,
        "its processes have no limit": 0 < (host["PidsLimit"] or 0) <= cage.PIDS,
        "its files have no limit": 0 < ulimits.get("fsize", 0) <= cage.FILE_BYTES,
        "its open files have no limit": 0 < ulimits.get("nofile", 0) <= cage.OPEN_FILES,
        "it may dump its memory": ulimits.get("core") == 0,
        "its log has no limit": host["LogConfig"]["Config"].get("max-size") == cage.LOG_BYTES,
        "it sees a folder of the computer": not host["Binds"]
        and all(mount["Type"] == "volume" and _UNNAMED.match(mount["Name"]) for mount in mounts),
        "it has a device": not host["Devices"] and not host.get("DeviceRequests"),
        "it shares a namespace": not any(
            host[kind] not in ("", "private", "shareable")
            for kind in ("IpcMode", "PidMode", "UTSMode", "UsernsMode")
        ),
        "it starts again by itself": host["RestartPolicy"]["Name"] in ("", "no"),
    }
    return [words for words, right in checks.items() if not right]
