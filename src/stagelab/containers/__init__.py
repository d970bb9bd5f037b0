"""Containers: run what was built, caged."""

from stagelab.containers.facts import Health, Reply, Run, Stopped
from stagelab.containers.running import run
from stagelab.containers.serving import Service, serve

__all__ = ["Health", "Reply", "Run", "Service", "Stopped", "run", "serve"]
