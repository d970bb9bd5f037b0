"""Whether an image configuration has the form that the specification gives it.

Source: OCI image specification, "Image Configuration"; `Healthcheck` is Docker's addition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = {"Env", "Entrypoint", "Cmd", "Shell", "OnBuild"}
_TEXTS = {"User", "WorkingDir", "StopSignal"}
_TABLES = {"ExposedPorts", "Labels", "Volumes", "Healthcheck"}


def unreadable(config: Mapping[str, Any]) -> str:
    """Say what of a configuration is not as it should be; "" if all that is looked at is."""
    settings = config.get("config")
    if not isinstance(settings, dict | None):
        return "config is no object"
    for key, value in (settings or {}).items():
        problem = _wrong(key, value)
        if problem:
            return f"config.{key} {problem}"
    history = config.get("history")
    if not isinstance(history, list | None) or not all(
        isinstance(record, dict) for record in history or []
    ):
        return "history is no list of objects"
    return ""


def _wrong(key: str, value: Any) -> str:  # noqa: ANN401 - any JSON
    if value is None:
        return ""
    if key in _WORDS:
        return "" if _is_words(value) else "is no list of strings"
    if key in _TEXTS:
        return "" if isinstance(value, str) else "is no string"
    if key in _TABLES and not isinstance(value, dict):
        return "is no object"
    if key == "Labels" and not _is_words(list(value.values())):
        return "has a value that is no string"
    return _wrong("Cmd", value.get("Test")) if key == "Healthcheck" else ""


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
