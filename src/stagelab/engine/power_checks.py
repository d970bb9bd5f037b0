"""Checks of what an engine has to work with: memory, limits, clock, proxies, what was left."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import docker

from stagelab.engine.checks import Check
from stagelab.engine.engine_checks import Told
from stagelab.engine.examining import Question
from stagelab.engine.labels import COURSE_LABEL

_LEAST_BYTES = 1_000_000_000
_EASY_BYTES = 2_000_000_000
"""Memory that a Go program with a web server compiles in, and compiles in without haste."""

_SKEW_SECONDS = 5.0
"""The course tells its own build cache by the engine's clock; less than this does no harm."""

_WRONG_SECONDS = 24 * 3600.0
"""A clock that is so far off finds certificates and package lists out of date, or not yet valid."""

_LIMITS = {"MemoryLimit": "memory", "PidsLimit": "processes", "CpuCfsQuota": "processor time"}
_USER = re.compile(r"//[^/@]*@")


def questions(told: Told) -> list[Question]:
    """List what is to be checked."""
    return [
        Question("memory", lambda: memory(told.info)),
        Question("limits", lambda: limits(told.info), needed=False),
        Question("clock", lambda: clock(told.info, told.asked)),
        Question("proxy", lambda: proxy(told.info, os.environ), needed=False),
        Question("left over", lambda: left_over(told.client), needed=False),
    ]


def memory(info: Mapping[str, Any]) -> Check:
    """Check that the engine's machine can compile.

    Args:
        info: As `GET /info` gives it.
    """
    total, processors = int(info.get("MemTotal") or 0), int(info.get("NCPU") or 0)
    if total == 0:
        return Check(
            "memory",
            ok=None,
            found="the engine does not tell how much memory it has",
            fix="If a build is killed, give the engine's machine more memory.",
        )
    said = f"{total / 1e9:.1f} GB, {processors} processor{'' if processors == 1 else 's'}"
    more = (
        f"Give the engine's machine {_EASY_BYTES / 1e9:.0f} GB or more (Docker Desktop: Settings, "
        "Resources; Colima: `colima start --memory 4`)."
    )
    if total < _LEAST_BYTES:
        return Check("memory", ok=False, found=f"{said}: too little to compile in", fix=more)
    if total < _EASY_BYTES:
        return Check("memory", ok=None, found=f"{said}: compiling will be slow", fix=more)
    return Check("memory", ok=True, found=said)


def limits(info: Mapping[str, Any]) -> Check:
    """Check that the engine can hold a container to limits.

    Args:
        info: As `GET /info` gives it.
    """
    lacking = [name for key, name in _LIMITS.items() if not info.get(key)]
    if not lacking:
        return Check("limits", ok=True, found="memory, processes and processor time are limited")
    return Check(
        "limits",
        ok=None,
        found=f"this engine cannot limit containers' {', '.join(lacking)}: a program that takes "
        "all there is slows the machine down",
        fix="Nothing for the lessons' own programs. A rootless engine needs cgroup version 2 with "
        "its controllers delegated to the user; older systems need the kernel's option "
        "`cgroup_enable=memory`.",
    )


def clock(info: Mapping[str, Any], asked: tuple[float, float]) -> Check:
    """Compare the engine's clock with this machine's.

    Args:
        info: As `GET /info` gives it.
        asked: This machine's clock when `info` was asked for and when it came, seconds.
    """
    try:
        told = datetime.fromisoformat(str(info.get("SystemTime"))).timestamp()
    except ValueError:
        return Check("clock", ok=None, found="the engine does not tell the time")
    before, after = asked
    off = max(before - told, told - after, 0.0)
    if off <= _SKEW_SECONDS:
        return Check("clock", ok=True, found="the engine's and this machine's tell the same time")
    which = "behind" if told < before else "ahead of"
    return Check(
        "clock",
        ok=False if off > _WRONG_SECONDS else None,
        found=f"the engine's clock is {off:.0f} s {which} this machine's: certificates may seem "
        "invalid, and clean-up may leave some of the build cache",
        fix="Let both set their clocks by the network (`timedatectl set-ntp true` on Linux). After "
        "a sleep of the computer, restart Docker Desktop or Colima.",
    )


def proxy(info: Mapping[str, Any], environ: Mapping[str, str]) -> Check:
    """Tell by which proxies the engine and this machine reach the network.

    Args:
        info: As `GET /info` gives it.
        environ: This process's environment variables.
    """
    engine = _USER.sub("//", str(info.get("HttpsProxy") or info.get("HttpProxy") or ""))
    named = [environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY")]
    here = _USER.sub("//", next((value for value in named if value), ""))
    if not engine and not here:
        return Check("proxy", ok=True, found="none, neither of the engine nor here")
    said = f"the engine's: {engine or 'none'}; here: {here or 'none'}"
    if here and not engine:
        return Check(
            "proxy",
            ok=None,
            found=f"{said}. The engine, which pulls images, goes without it",
            fix="If pulls fail, give the proxy to the engine too: Docker Desktop has it in "
            "Settings, Resources, Proxies; else HTTPS_PROXY in the environment of its service.",
        )
    return Check("proxy", ok=True, found=said)


def left_over(client: docker.DockerClient) -> Check:
    """Look for containers of the course.

    Args:
        client: The engine.
    """
    found = client.api.containers(all=True, filters={"label": f"{COURSE_LABEL}=1"})
    if not found:
        return Check("left over", ok=True, found="no container of the course")
    running = sum(each.get("State") == "running" for each in found)
    return Check(
        "left over",
        ok=None,
        found=f"{len(found)} container{'' if len(found) == 1 else 's'} of the course, "
        f"{running} of them running",
        fix="Nothing while a lesson is open that started them. Else `./course clean`.",
    )
