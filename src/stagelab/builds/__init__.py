"""Builds: both builders over the Engine API, with every step's stage, line, time and log."""

from stagelab.builds.building import build
from stagelab.builds.context import DockerfileText
from stagelab.builds.dockerfile import Dockerfile, Instruction, StageSource, parse
from stagelab.builds.facts import BaseUse, Build, Stage, Step

__all__ = [
    "BaseUse",
    "Build",
    "Dockerfile",
    "DockerfileText",
    "Instruction",
    "Stage",
    "StageSource",
    "Step",
    "build",
    "parse",
]
