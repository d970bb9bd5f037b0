"""The texts of a configuration that are searched for secrets, and which instruction sets what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stagelab.image.secret_text import MOST_LETTERS
from stagelab.image.surface_config import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stagelab.image.history import Origin
    from stagelab.image.secrets import Where

_MOST_HISTORY = 1 << 21
"""Letters of all instructions, twice each: as the history has them, and as one writes them."""

_SETTERS: dict[str, Where] = {"ENV ": "env", "LABEL ": "label"}
_SET = re.compile(r" ([^\s=]+)=")


def lists(settings: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """Give the configuration's lists of words, by what people call them."""
    check = settings.get("Healthcheck")
    named = {
        "the command": [*words(settings.get("Entrypoint")), *words(settings.get("Cmd"))],
        "the health check": words(check.get("Test")) if isinstance(check, dict) else (),
        "SHELL": words(settings.get("Shell")),
    }
    return named | {
        f"ONBUILD {number}": (text,) for number, text in enumerate(words(settings.get("OnBuild")))
    }


def bounded(history: Sequence[Origin]) -> tuple[tuple[Origin, ...], int]:
    """Leave out the text of instructions after `_MOST_HISTORY` letters; and count those."""
    kept = []
    letters = passed = 0
    for origin in history:
        letters += min(len(origin.created_by) + len(origin.instruction), 2 * MOST_LETTERS)
        beyond = letters > _MOST_HISTORY
        passed += beyond
        kept.append(origin._replace(instruction="…", created_by="…") if beyond else origin)
    return tuple(kept), passed


def setters(history: Sequence[Origin]) -> dict[tuple[Where, str], int]:
    """Give, for each variable and label, the index of the last instruction that sets it."""
    found: dict[tuple[Where, str], int] = {}
    for index, origin in enumerate(history):
        for word, where in _SETTERS.items():
            if origin.instruction.startswith(word):
                names = _SET.findall(origin.instruction[:MOST_LETTERS])
                found.update(((where, name), index) for name in names)
    return found
