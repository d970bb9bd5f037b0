"""Containers: run what was built, caged."""

from stagelab.containers.facts import Reply, Run, Stopped
from stagelab.containers.running import run
from stagelab.containers.serving import Service, serve

__all__ = ["Reply", "Run", "Service", "Stopped", "run", "serve"]
