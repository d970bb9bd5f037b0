"""Stand-ins: base images made from packages of Debian where the official ones cannot be pulled."""

from stagelab.bases.standin.making import KEY_LABEL, cached, make

__all__ = ["KEY_LABEL", "cached", "make"]
