"""Lesson 04: what layers keep."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from stagelab.exercise.behaviours import no_canary, not_root
from stagelab.exercise.requirements import builds, prints
from stagelab.exercise.task import Found, Requirement, Task, hinted, met, unmet, waiting

if TYPE_CHECKING:
    from stagelab.builds import Instruction
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


PART_BYTES = 4 << 20
"""Size of each file of the pack that task 04-2 unpacks."""

PARTS = 3

OWNER = 65532
"""Who the files of the pack are to belong to."""

_PACK = f"""\
#!/bin/sh
# Stands for a download: writes ./pack.tar, which holds the folder data with {PARTS} files.
set -e
mkdir -p /tmp/pack/data
for part in $(seq {PARTS}); do
    dd if=/dev/zero of=/tmp/pack/data/part-$part.bin bs=1M count={PART_BYTES >> 20}
done
tar -C /tmp/pack -cf pack.tar data
rm -r /tmp/pack
"""
_PACK_CHECKSUM = hashlib.sha256(bytes(PARTS * PART_BYTES)).hexdigest()


def _wastes_little(attempt: Attempt) -> Found:
    waste = attempt.xray.waste
    if waste.reclaimable_bytes <= MOST_SPARE_BYTES:
        return met(f"{waste.reclaimable_bytes:,} bytes are reclaimable.")
    worst = waste.worst[0]
    if worst.how == "replaced":
        return unmet(
            f"this stores {worst.path} once more, {worst.size_bytes:,} bytes: a layer holds whole "
            "files, be it only the owner or the mode that changes, and the copy below ships too. "
            "Set the owner where the file gets into a layer of this image: in the RUN that writes "
            "it, or by COPY --chown.",
            at=attempt.layer_instruction(worst.hidden_by),
        )
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
    return unmet(
        f"the image that ships holds {large[0].path}, {large[0].size:,} bytes. It was needed to "
        "make the report, and nobody needs it afterwards.",
        at=_wrote(attempt, large[0].path),
    )


def _holds_no_pack(attempt: Attempt) -> Found:
    image = attempt.xray
    packs = [e for e in image.tree if e.kind == "file" and e.size > PARTS * PART_BYTES]
    if not packs:
        return met("No container sees the archive.")
    return unmet(
        f"the image that ships holds {packs[0].path}, {packs[0].size:,} bytes. It was needed to "
        "unpack it, and nobody needs it afterwards.",
        at=_wrote(attempt, packs[0].path),
    )


def _parts_have_their_owner(attempt: Attempt) -> Found:
    parts = [e for e in attempt.xray.tree if e.kind == "file" and e.size == PART_BYTES]
    others = [entry for entry in parts if entry.uid != OWNER]
    if others:
        return unmet(
            f"{others[0].path} belongs to user {others[0].uid}: whoever writes a file into a layer "
            f"is its owner, unless something says otherwise. It is to belong to user {OWNER}.",
            at=_wrote(attempt, others[0].path),
        )
    if not parts:
        return waiting()
    return met(f"They belong to user {OWNER}.")


def _wrote(attempt: Attempt, path: str) -> Instruction | None:
    """Find the instruction that wrote what a container sees at a path."""
    layer = attempt.xray.layer_of(path)
    return attempt.layer_instruction(layer) if layer is not None else None


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
            Requirement(
                "No container sees the archive.",
                _adds_little,
                hints=(
                    "Which instruction brings the archive into the stage that ships?",
                    "COPY brings a whole folder if it is told a folder. The image needs one file.",
                    "COPY --from=work /app/report.txt /app/report.txt",
                ),
            ),
            Requirement(
                "Less than a megabyte of the image is reclaimable.",
                _wastes_little,
                hints=(
                    'xray("stagelab/exercise-04-1").waste names the hidden files of your checked '
                    "answer, and the layers that hold them.",
                    "A layer is closed when its instruction ends: what a later one removes stays "
                    "below. A stage that does not ship may keep what it likes.",
                    "Let a first stage, named by AS work, do everything. In a second stage COPY "
                    "--from=work only the report.",
                ),
            ),
            hinted(
                no_canary(
                    TOKEN.encode(),
                    "The token is in no layer, and not in settings or history.",
                    "/app/token.txt",
                ),
                "Which instruction puts the token into a layer of the image that ships?",
                "COPY . . is one instruction with one layer, and token.txt is in it. Joined RUN "
                "lines come too late.",
                "COPY . . in a stage named work, and in the last stage nothing but COPY "
                "--from=work /app/report.txt /app/report.txt.",
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
    Task(
        id="04-2",
        title="Ship every file once, with its owner",
        files={"fetch.sh": _PACK},
        first="Two instructions of the Dockerfile hide what an earlier one wrote, and no container "
        "ever sees it. Find them, and say which bytes ship for nothing.",
        requirements=(
            builds(),
            prints(_PACK_CHECKSUM, "The image prints the checksum of the unpacked data."),
            Requirement(
                f"The unpacked files belong to user {OWNER}.",
                _parts_have_their_owner,
                hints=(
                    "Who owns a file that an instruction writes, if nothing says so?",
                    "chown changes the owner of files that are there. COPY has an option that sets "
                    "the owner of what it writes.",
                    f"COPY --from=work --chown={OWNER}:{OWNER} /srv/data /srv/data",
                ),
            ),
            not_root(),
            Requirement(
                "No container sees the archive.",
                _holds_no_pack,
                hints=(
                    "Which instruction brings the archive into the stage that ships?",
                    "The image needs the folder data, not the archive that it came in.",
                    "COPY --from=work takes /srv/data in place of /srv.",
                ),
            ),
            Requirement(
                "Less than a megabyte of the image is reclaimable.",
                _wastes_little,
                hints=(
                    'xray("stagelab/exercise-04-2").waste names what your checked answer stores '
                    "more than once, or hides.",
                    "A later RUN that removes a file keeps it in the layer below; one that changes "
                    "its owner stores it again. Do both where the files are written.",
                    "Unpack in a stage of its own, then COPY --from=work "
                    f"--chown={OWNER}:{OWNER} /srv/data /srv/data.",
                ),
            ),
        ),
        hints=(
            "Which instructions write nothing new, and still make the image larger?",
            "There are two ways: one RUN that does everything, or a stage that works and a COPY "
            "--from that sets the owner.",
            "Name the first stage (AS work). In a second one: COPY --from=work "
            f"--chown={OWNER}:{OWNER} /srv/data /srv/data, then USER and CMD.",
        ),
    ),
)
