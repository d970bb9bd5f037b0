"""What a learner's build may take, so that a mistake costs minutes and not the computer."""

from __future__ import annotations

BUILD_SECONDS = 600.0
"""Most seconds of a build. What takes longest, a first compile with empty caches and its downloads
on a slow laptop, takes minutes; what takes longer than this never ends."""

BUILD_DISK_BYTES = 10_000_000_000
"""Bytes by which the free space of the engine's disk may fall during a build: some times what the
largest bases and caches of the course take together, and less than fills a laptop's disk."""

CLASSIC_MEMORY_BYTES = 4_000_000_000
"""Most memory of a RUN step, where the builder has such a limit, which is the classic one. Go's
compiler and linker take a small part of it, a compiler for Java or Rust half of it."""
