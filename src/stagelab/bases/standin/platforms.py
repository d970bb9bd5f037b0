"""What one machine architecture is called by Docker, Debian and Python."""

from __future__ import annotations

from dataclasses import dataclass

from stagelab.errors import StandInFailed


@dataclass(frozen=True, slots=True)
class Platform:
    """Names of an architecture.

    Args:
        docker: In image configurations (GOARCH).
        debian: In packages of Debian.
        wheel: Platform tags of wheels that run there.
    """

    docker: str
    debian: str
    wheel: tuple[str, ...]


_PLATFORMS = {
    "amd64": Platform("amd64", "amd64", ("manylinux_2_17_x86_64", "manylinux2014_x86_64")),
    "arm64": Platform("arm64", "arm64", ("manylinux_2_17_aarch64", "manylinux2014_aarch64")),
}


def platform(architecture: str) -> Platform:
    """Give the names of the architecture that an engine reports as `Arch`.

    Raises:
        StandInFailed: No stand-ins can be made for it.
    """
    try:
        return _PLATFORMS[architecture]
    except KeyError:
        raise StandInFailed(
            f"Stand-ins can be made for {' and '.join(_PLATFORMS)}, not for {architecture}.",
            fix="Pull the official images: ./course bases pull",
        ) from None
