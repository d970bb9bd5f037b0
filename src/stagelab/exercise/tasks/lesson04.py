"""Lesson 04: what layers keep."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from stagelab.exercise.requirements import builds, prints
from stagelab.exercise.task import Found, Requirement, Task, met, unmet
from stagelab.exercise.traces import traces

if TYPE_CHECKING:
    from stagelab.exercise.attempt import Attempt

TOKEN = "made-up-token-of-exercise-04-7f3c9e21"  # noqa: S105 - it opens nothing
"""What the build must not leave in the image."""

ARCHIVE_BYTES = 24 << 20
"""Size of the file that the build works with."""

MOST_SPARE_BYTES = 1_000_000
"""What a right answer may carry for nothing, and may add to its base."""

_CHECKSUM = hashlib.sha256(bytes(ARCHIVE_BYTES)).hexdigest()

_FETCH = f"""\
#!/bin/sh
# Stands for a download that needs a token: reads ./token.txt, writes ./archive.bin.
set -e
if ! grep -qs '^token=' token.txt; then
    echo "fetch.sh: in $(pwd) token.txt is missing or has no line token=..." >&2
    exit 1
fi
dd if=/dev/zero of=archive.bin bs=1M count={ARCHIVE_BYTES >> 20}
"""


def _wastes_little(attempt: Attempt) -> Found:
    waste = attempt.xray.waste
    if waste.reclaimable_bytes <= MOST_SPARE_BYTES:
        return met(f"{waste.reclaimable_bytes:,} bytes are reclaimable.")
    worst = waste.worst[0]
    return unmet(
        f"this hides {worst.path}, {worst.size_bytes:,} bytes, which an earlier layer holds: no "
        "container sees them, and everyone who pulls the image pulls them. What is made and "
        "removed in one RUN, or made in another stage, gets into no layer.",
        at=attempt.layer_instruction(worst.hidden_by),
    )


def _adds_little(attempt: Attempt) -> Found:
    large = [e for e in attempt.xray.tree if e.kind == "file" and e.size == ARCHIVE_BYTES]
    if not large:
        return met("No container sees the archive.")
    wrote = attempt.xray.history_of(large[0].path)
    return unmet(
        f"the image that ships holds {large[0].path}, {large[0].size:,} bytes. It was needed to "
        "make the report, and nobody needs it afterwards.",
        at=attempt.layer_instruction(wrote[-1].layer) if wrote else None,
    )


def _keeps_the_secret(attempt: Attempt) -> Found:
    image = attempt.xray
    layers = {layer.diff_id: layer for layer in image.layers if layer.diff_id}
    found = attempt.once(
        "traces",
        lambda: traces(attempt.build.image, TOKEN.encode(), diff_ids=attempt.layers),
    )
    if not found:
        return met("It is in no layer, and not in the settings or the history.")
    if not found.layers:
        told = [i for i in attempt.source.instructions if TOKEN in i.value]
        return unmet(
            "the token stands in the image's history or settings, which everyone who has the image "
            "can read: docker history shows it. Take it from the file, in a stage that does not "
            "ship.",
            at=told[0] if told else None,
        )
    layer = next(layers[diff_id] for diff_id in layers if diff_id in found.layers)
    hidden = image.file("/app/token.txt") is None
    return unmet(
        "the layer of this instruction holds the token"
        + (", even if no container sees it any more: " if hidden else ": ")
        + "whoever has the image can read every layer. Use the token in a stage that does not "
        "ship, and COPY --from only the report.",
        at=attempt.layer_instruction(layer.index),
    )


TASKS = (
    Task(
        id="04-1",
        title="Leave the archive and the token behind",
        files={"fetch.sh": _FETCH, "token.txt": f"token={TOKEN}\n"},
        first="Say for each instruction what its layer holds: which of them hold the archive and "
        "the token that the last RUN removes? Then move the work to where it does not ship.",
        requirements=(
            builds(),
            prints(_CHECKSUM, "The image prints the report: the checksum of the archive."),
            Requirement("No container sees the archive.", _adds_little),
            Requirement("Less than a megabyte of the image is reclaimable.", _wastes_little),
            Requirement(
                "The token is in no layer, and not in settings or history.", _keeps_the_secret
            ),
        ),
        hints=(
            "Which instruction puts the token into a layer? Could a later one take it out?",
            "What a stage writes ships only if it is the last stage. Let one stage do the work, "
            "and another one take the result.",
            "Name the first stage (AS work), let it run fetch.sh and sha256sum. Then begin a new "
            "stage and COPY --from=work /app/report.txt /app/.",
        ),
    ),
)
