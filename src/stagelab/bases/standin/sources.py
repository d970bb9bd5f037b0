"""From which archives Debian's packages come: those of the host, if it is a Debian itself.

A machine behind a firewall often reaches only the mirror that its own apt is set up with.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_FORMAT = "$(ORIGIN)\t$(LABEL)\t$(CODENAME)\t$(REPO_URI)"


def host_sources(suite: str) -> tuple[str, ...]:
    """Give apt's one-line sources of `suite` on the host's own Debian mirrors.

    Empty if the host's apt knows no mirror of Debian; mmdebstrap then takes its default.
    """
    if shutil.which("apt-get") is None:
        return ()
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    return sources_on(listed.stdout, suite, _KEYRING if _KEYRING.exists() else None)


def sources_on(index_targets: str, suite: str, keyring: Path | None) -> tuple[str, ...]:
    """Find the mirrors in lines of origin, label, codename and address, tab separated.

    Mirrors that are no plain web address are left out, those with credentials too: the sources
    become a part of the stand-in.
    """
    archive = security = None
    for line in index_targets.splitlines():
        origin, label, codename, address = line.split("\t")
        parts = urlsplit(address)
        if origin != "Debian" or parts.scheme not in {"http", "https"} or parts.username:
            continue
        if label == "Debian" and re.fullmatch(r"[a-z]+", codename):
            archive = archive or address.rstrip("/")
        elif label == "Debian-Security":
            security = security or address.rstrip("/")
    if archive is None or security is None:
        return ()
    signed = f"[signed-by={keyring}] " if keyring else ""
    return (
        f"deb {signed}{archive} {suite} main",
        f"deb {signed}{archive} {suite}-updates main",
        f"deb {signed}{security} {suite}-security main",
    )
