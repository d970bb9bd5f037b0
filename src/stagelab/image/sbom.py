"""An x-ray's list of parts (software bill of materials), which tools for vulnerabilities read.

Source: CycloneDX 1.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagelab.image.facts import XRay


def cyclonedx(seen: XRay) -> str:
    """Give an image's parts as a CycloneDX document in JSON.

    It has the image itself, its operating system, its packages, the programs that Go built and
    their modules, Go's standard library among them. The image depends on packages and programs,
    and programs on their modules. A package that several files record is there once, with the path
    of each. A module whose code came from a folder has no package URL, as nobody can tell what that
    code is. The image's ID is the digest of its configuration and not of what can be downloaded, so
    it stands as version and not as hash.

    The same image gives the same text: the serial number comes from its ID, and there is no time
    stamp.

    Returns:
        The document, valid by the schema of version 1.6. Our properties begin with "stagelab:".
    """
    from cyclonedx.output.json import JsonV1Dot6  # noqa: PLC0415 - slow to import, needed here only

    from stagelab.image.components import bom  # noqa: PLC0415 - likewise

    return JsonV1Dot6(bom(seen)).output_as_string(indent=2) + "\n"
