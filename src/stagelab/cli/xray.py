"""`xray`: look into images from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stagelab.comparison import Comparison
    from stagelab.image import XRay

HELP = "Look into an image or an archive of one; with several, put them side by side."
EXAMPLE = "./course xray alpine:3.22 golang:1.27"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="a reference, or the path of an archive that `docker save` wrote",
    )
    parser.add_argument(
        "--fixes",
        action="store_true",
        help="ask the image's distribution for newer versions of its packages, over the network",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the facts as JSON")
    form.add_argument(
        "--sbom", action="store_true", help="print the parts of one image as CycloneDX JSON"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what was found."""
    from stagelab.comparison import compare  # noqa: PLC0415  (--help must not wait for these)
    from stagelab.errors import StagelabError  # noqa: PLC0415
    from stagelab.image import xray  # noqa: PLC0415

    images = arguments.images
    if arguments.sbom and len(images) > 1:
        raise StagelabError(
            "A list of parts is of one image.", fix="Give one IMAGE, and one command for each."
        )
    if len(images) > 1:
        found = compare(*images, fixes=arguments.fixes)
        told = {**found.to_dict(), "xrays": [seen.to_dict() for seen in found.xrays]}
        _print(found, told if arguments.json else None)
        return 0
    seen = xray(images[0], fixes=arguments.fixes)
    if arguments.sbom:
        from stagelab.image.sbom import cyclonedx  # noqa: PLC0415

        sys.stdout.write(cyclonedx(seen))
    else:
        _print(seen, seen.to_dict() if arguments.json else None)
    return 0


def _print(found: XRay | Comparison, told: dict[str, Any] | None) -> None:
    print(str(found) if told is None else json.dumps(told, indent=2))
