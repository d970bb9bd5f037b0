"""The engine: find it or start one, say what is wrong with it, and clean up on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagelab._lazy import names_of

if TYPE_CHECKING:
    from stagelab.engine.checks import Check, Diagnosis
    from stagelab.engine.cleanup import Cleaned, clean, tidy
    from stagelab.engine.connecting import connect, engine_id, is_own_engine
    from stagelab.engine.diagnosis import doctor

__all__ = [
    "Check",
    "Cleaned",
    "Diagnosis",
    "clean",
    "connect",
    "doctor",
    "engine_id",
    "is_own_engine",
    "tidy",
]

__getattr__ = names_of(
    __name__,
    {
        "Check": "stagelab.engine.checks",
        "Cleaned": "stagelab.engine.cleanup",
        "Diagnosis": "stagelab.engine.checks",
        "clean": "stagelab.engine.cleanup",
        "connect": "stagelab.engine.connecting",
        "doctor": "stagelab.engine.diagnosis",
        "engine_id": "stagelab.engine.connecting",
        "is_own_engine": "stagelab.engine.connecting",
        "tidy": "stagelab.engine.cleanup",
    },
)
