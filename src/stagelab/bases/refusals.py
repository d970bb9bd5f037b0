"""Why a registry or the way to it refuses a pull, told from the engine's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from stagelab.errors import PullFailed


@dataclass(frozen=True, slots=True)
class _Refusal:
    pattern: str
    cause: str
    fix: str
    scope: Literal["image", "registry", "engine"]


# the first that matches counts: a proxy's or a certificate's error often quotes a timeout as well
_REFUSALS = (
    _Refusal(
        r"no space left on device|disk quota exceeded|not enough space",
        "The engine's disk is full: {reference} does not fit.",
        "Free space: ./course clean removes what the course made; docker system df shows the "
        "rest. On Docker Desktop, raise the disk limit in Settings, Resources.",
        "engine",
    ),
    _Refusal(
        r"toomanyrequests|too many requests|rate limit|\b429\b",
        "{registry} lets no more pulls through from this address for now (rate limit). "
        "Everybody behind the same router counts as one.",
        "Log in (docker login) for a limit of your own, or wait for six hours, or use a bundle "
        "of image archives (STAGELAB_BUNDLE) or a mirror (registry-mirrors in the engine's "
        "settings).",
        "registry",
    ),
    _Refusal(
        r"proxyconnect|proxy authentication|\b407\b|bad gateway|forbidden by (the )?proxy|"
        r"unexpected status.* 403 forbidden",
        "The proxy that the engine uses does not let it reach {registry}.",
        "Correct the engine's proxy (Docker Desktop: Settings, Resources, Proxies; Linux: "
        "proxies in /etc/docker/daemon.json), or use a bundle (STAGELAB_BUNDLE).",
        "registry",
    ),
    _Refusal(
        r"x509: .*(not yet valid|has expired)|certificate has expired",
        "The engine finds that the certificate of {registry} is not valid today. Most likely the "
        "clock of the engine's machine is wrong; else a proxy shows an old certificate.",
        "Set the clock (Linux: timedatectl set-ntp true; Docker Desktop and other virtual "
        "machines: restart them, their clock stops while the computer sleeps), or use a bundle "
        "(STAGELAB_BUNDLE).",
        "registry",
    ),
    _Refusal(
        r"x509|certificate signed by unknown authority|"
        r"http response to https client",
        "The engine does not trust the certificate that {registry} shows; most likely a proxy "
        "inspects the traffic.",
        "Give the engine the proxy's CA certificate (Linux: /etc/docker/certs.d or the system's "
        "store, then restart the engine), or use a bundle (STAGELAB_BUNDLE).",
        "registry",
    ),
    _Refusal(
        r"no such host|server misbehaving|temporary failure in name resolution|"
        r"network is unreachable|no route to host|connection refused|connection reset|"
        r"i/o timeout|handshake timeout|deadline exceeded|request canceled|"
        r"\b50[0234]\b .*(unavailable|time-?out)|unexpected eof",
        "{registry} cannot be reached: the engine is offline, or a firewall is in the way.",
        "Connect to the network and run ./course bases pull, or use a bundle of image archives "
        "(STAGELAB_BUNDLE).",
        "registry",
    ),
    _Refusal(
        r"no matching manifest|does not match the (detected|specified) platform",
        "{reference} does not exist for this engine's architecture.",
        "Use an engine on amd64 or arm64.",
        "image",
    ),
    _Refusal(
        r"unauthorized|authentication required|access denied|denied:|incorrect username",
        "{registry} does not let this user pull {reference}.",
        "The image is public: an old login may be in the way. Run: docker logout {registry}",
        "registry",
    ),
    _Refusal(
        r"manifest unknown|not found|does not exist",
        "{registry} has no {reference}.",
        "Check for a mirror (registry-mirrors) that lacks it: docker info shows the mirrors.",
        "image",
    ),
)


def registry_of(reference: str) -> str:
    """Give the registry of an image reference: what is before the first slash if it has a dot,
    a colon or is localhost, else Docker Hub (the rule of Docker's reference grammar).
    """  # noqa: D205  # one sentence, too long for one line
    first, slash, _ = reference.partition("/")
    named = slash and ("." in first or ":" in first or first == "localhost")
    return first if named else "Docker Hub"


def refusal(reference: str, words: str) -> PullFailed:
    """Make the error that explains the engine's words about a failed pull of `reference`."""
    registry = registry_of(reference)
    for known in _REFUSALS:
        if re.search(known.pattern, words, re.IGNORECASE):
            return PullFailed(
                known.cause.format(reference=reference, registry=registry),
                fix=known.fix.format(reference=reference, registry=registry),
                detail=words,
                scope=known.scope,
            )
    return PullFailed(
        f"{reference} could not be pulled from {registry}.",
        fix="Read the original words; try it alone with: docker pull " + reference,
        detail=words,
    )


def silence(reference: str, seconds: float) -> PullFailed:
    """Make the error of a registry that gives no answer in time."""
    registry = registry_of(reference)
    return PullFailed(
        f"{registry} gives no answer: within {seconds:.0f} s the pull of {reference} has not "
        "moved on. The engine is offline, or a firewall drops its packets.",
        fix="Connect to the network and run ./course bases pull, or use a bundle of image "
        "archives (STAGELAB_BUNDLE).",
        scope="registry",
    )
