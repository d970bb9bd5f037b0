"""Images: what is really in them, from an engine or an archive."""

from stagelab.image.diff import EntryChange, TreeDiff
from stagelab.image.entry import Entry
from stagelab.image.facts import Change, Layer, Layers, Packages, XRay
from stagelab.image.gobinaries import GoBinary
from stagelab.image.gobuild import GoModule
from stagelab.image.merge import Hidden
from stagelab.image.package import Package
from stagelab.image.tree import Tree
from stagelab.image.usage import LayerShare, Share, Usage
from stagelab.image.waste import Waste
from stagelab.image.xraying import xray

__all__ = [
    "Change",
    "Entry",
    "EntryChange",
    "GoBinary",
    "GoModule",
    "Hidden",
    "Layer",
    "LayerShare",
    "Layers",
    "Package",
    "Packages",
    "Share",
    "Tree",
    "TreeDiff",
    "Usage",
    "Waste",
    "XRay",
    "xray",
]
