"""The engine: find it or start one, say what is wrong with it, and clean up on it."""

from stagelab.engine.connecting import connect, engine_id, is_own_engine

__all__ = ["connect", "engine_id", "is_own_engine"]
