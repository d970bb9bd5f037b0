"""Where the distributions' archives are, beside what an image names itself.

No address of an archive is written down here. They are, in this order: those in the setting
STAGELAB_ARCHIVES (addresses of mirrors, separated by spaces; a classroom sets it), those that the
machine's own apt uses, if it is a Debian, and those in the image. What an address really
publishes is told by its Release file, so that the setting needs no more than addresses.
"""

from __future__ import annotations

import ipaddress
import os
from functools import cache
from urllib.parse import urlsplit

from stagelab.bases.standin.sources import host_sources
from stagelab.image.fixes.suites import ADDRESS, Source, named_sources

SETTING = "STAGELAB_ARCHIVES"
_MOST = 10


def set_addresses() -> tuple[str, ...]:
    """Give the addresses in the setting; what is no web address is left out."""
    words = os.environ.get(SETTING, "").split()[:_MOST]
    return tuple(word.rstrip("/") for word in words if ADDRESS.fullmatch(word))


@cache  # apt takes longer to say it than all the rest of a second look
def machine_sources(distribution: str, codename: str) -> tuple[Source, ...]:
    """Give where this machine's apt would get a release from; empty if it does not know."""
    if distribution != "debian":
        return ()
    lines = "\n".join(host_sources(codename))
    return named_sources({"sources.list": lines.encode()})


def is_public(address: str) -> bool:
    """Tell whether a host that an image names may be asked at all.

    An image may come from anybody. It does not get us to call on this machine, or on numbers of
    the network that this machine stands in. Where a name leads to is not looked up: behind a
    proxy, this machine could not tell.
    """
    host = (urlsplit(address).hostname or "").rstrip(".")
    if "." not in host or host.endswith((".localhost", ".local", ".internal")):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return not host.rpartition(".")[2].isdigit()  # 127.1 is a number as well
    return False
