"""Images: what is really in them, from an engine or an archive."""

from stagelab.image.contents import Package
from stagelab.image.entry import Entry
from stagelab.image.facts import Change, GoBinary, Layer, Packages, Waste, XRay
from stagelab.image.merge import Hidden
from stagelab.image.tree import Tree
from stagelab.image.xraying import xray

__all__ = [
    "Change",
    "Entry",
    "GoBinary",
    "Hidden",
    "Layer",
    "Package",
    "Packages",
    "Tree",
    "Waste",
    "XRay",
    "xray",
]
