"""Builds: both builders over the Engine API, with every step's stage, line, time and log."""

from stagelab.builds.building import build
from stagelab.builds.context import DockerfileText
from stagelab.builds.dockerfile import Dockerfile, Instruction, StageSource, parse
from stagelab.builds.facts import BaseUse, Build, BuildWarning, Stage, Step
from stagelab.builds.graph import StageGraph, stages
from stagelab.builds.lint import Finding, Lint, lint
from stagelab.builds.secrets import Env
from stagelab.builds.timeline import Timeline, timeline

__all__ = [
    "BaseUse",
    "Build",
    "BuildWarning",
    "Dockerfile",
    "DockerfileText",
    "Env",
    "Finding",
    "Instruction",
    "Lint",
    "Stage",
    "StageGraph",
    "StageSource",
    "Step",
    "Timeline",
    "build",
    "lint",
    "parse",
    "stages",
    "timeline",
]
