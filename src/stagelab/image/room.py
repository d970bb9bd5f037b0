"""How much of the memory the layers of one archive may take; real images take far less."""

from __future__ import annotations

from stagelab.errors import ArchiveDamaged

MOST_NAMES = 600_000
"""Names that the layers of an archive may have in all, packages included."""

_MOST_LETTERS = 128 << 20
_MOST_CONTENTS = 64 << 20


class Room:
    """What is left of it."""

    __slots__ = ("_contents", "_letters", "_names")

    def __init__(self) -> None:
        self._names = MOST_NAMES
        self._letters = _MOST_LETTERS
        self._contents = _MOST_CONTENTS

    def take(self, *, names: int = 0, letters: int = 0, contents: int = 0) -> None:
        """Note what is kept.

        Args:
            names: Files, folders, and packages.
            letters: Letters of their names.
            contents: Bytes from inside of files.

        Raises:
            ArchiveDamaged: If it is more than there is room for.
        """
        self._names -= names
        self._letters -= letters
        self._contents -= contents
        if self._names < 0 or self._letters < 0 or self._contents < 0:
            raise ArchiveDamaged(
                f"The image archive has more than {MOST_NAMES:,} names in its layers, or names "
                "beyond all measure: it is damaged, or made to fill a memory.",
                fix="Ask where the archive comes from; an image of so many files cannot be looked "
                "into.",
                detail=f"{-self._names} names, {-self._letters} letters and {-self._contents} "
                "bytes more than there may be (less if negative)",
            )
