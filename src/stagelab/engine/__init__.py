"""The engine: find it or start one, say what is wrong with it, and clean up on it."""

from stagelab.engine.checks import Check
from stagelab.engine.cleanup import Cleaned, clean, tidy
from stagelab.engine.connecting import connect, engine_id, is_own_engine
from stagelab.engine.diagnosis import Diagnosis, doctor

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
