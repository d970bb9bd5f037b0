"""Facts as JSON knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

_LEFT_OUT = "tree"


def plain(fact: Any) -> Any:  # noqa: ANN401 - any fact, and any JSON
    """Give a fact as dicts, lists, strings, numbers and None.

    Of dataclasses all fields count but private ones and trees of files; named tuples become dicts
    likewise, bytes and all else their text.
    """
    if fact is None or isinstance(fact, bool | int | float | str):
        return fact
    if is_dataclass(fact):
        names = [field.name for field in fields(fact)]
        return {
            name: plain(getattr(fact, name))
            for name in names
            if not name.startswith("_") and name != _LEFT_OUT
        }
    if isinstance(fact, Mapping):
        return {str(key): plain(value) for key, value in fact.items()}
    if isinstance(fact, tuple) and hasattr(fact, "_asdict"):
        return plain(fact._asdict())
    if isinstance(fact, tuple | list | set | frozenset):
        return [plain(item) for item in fact]
    return str(fact)
