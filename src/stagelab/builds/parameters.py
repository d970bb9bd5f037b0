"""The options of a build as parameters of `POST /build`, and which builder has which.

What an engine does not understand it leaves out without a word, so every option that a builder
lacks is refused here, before anything is sent.
"""

from __future__ import annotations

import json
from typing import Literal

from stagelab.builds.order import Order
from stagelab.builds.packing import tar_dockerfile
from stagelab.builds.probing import heeds
from stagelab.errors import OptionUnsupported

Version = Literal["1", "2"]
CLASSIC: Version = "1"
BUILDKIT: Version = "2"

_BUILDKIT_NETWORKS = {"default", "none", "host"}
_INSISTING = 'Use builder="classic", which has it, or leave it out.'


def parameters(order: Order, version: Version) -> dict[str, str | list[str]]:
    """Give the request's parameters.

    Raises:
        OptionUnsupported: The builder lacks one of the options.
    """
    if version == CLASSIC:
        _check_classic(order)
    else:
        _check_buildkit(order)
    given: dict[str, str | list[str] | None] = {
        "version": version,
        "dockerfile": tar_dockerfile(order.context),
        "labels": json.dumps(dict(order.labels)),
        "rm": "1",
        "forcerm": "1",
        "target": order.target,
        "buildargs": json.dumps(dict(order.buildargs)) if order.buildargs else None,
        "t": order.tag,
        "nocache": "1" if order.nocache else None,
        "pull": "1" if order.pull else None,
        "networkmode": order.network,
        "platform": order.platform,
        "extrahosts": [f"{name}:{address}" for name, address in order.extra_hosts.items()],
        "shmsize": str(order.shm_size) if order.shm_size is not None else None,
        "memory": str(order.memory) if order.memory is not None else None,
        "memswap": str(order.memory) if order.memory is not None else None,
        "cachefrom": json.dumps(order.cache_from) if order.cache_from else None,
    }
    return {name: value for name, value in given.items() if value}


def _check_classic(order: Order) -> None:
    if order.secrets:
        raise OptionUnsupported(
            "The classic builder has no secrets: it knows no RUN --mount.",
            fix='Build with builder="buildkit".',
        )


def _check_buildkit(order: Order) -> None:
    if order.network is not None and order.network not in _BUILDKIT_NETWORKS:
        raise OptionUnsupported(
            f"BuildKit has no network {order.network!r} for its RUN steps.",
            fix='Use "default", "none" or "host"; builder="classic" takes names of networks, too.',
        )
    for option, value in (("memory", order.memory), ("shm_size", order.shm_size)):
        if value is None or heeds(order.client, option.replace("_", ""), str(value)):
            continue
        raise OptionUnsupported(
            f"The BuildKit of this engine takes no {option} for its RUN steps, and would leave it "
            "out without a word.",
            fix=_INSISTING,
        )
