"""The livelihoods, one file each: columns and numbers in, yuan out."""

from eco.livelihoods.bees import BEES
from eco.livelihoods.forest import FOREST
from eco.livelihoods.juncao import JUNCAO
from eco.livelihoods.livelihood import Flow, Livelihood

LIVELIHOODS: tuple[Livelihood, ...] = (FOREST, JUNCAO, BEES)

__all__ = ["LIVELIHOODS", "Flow", "Livelihood"]
