"""People in the rows of every room: found, told and erased from one list of declarations. See docs/adr/0034."""

from relance.core.personal.holdings import Holding, Keeper, about, naming
from relance.core.personal.person import GONE, Person

__all__ = ["GONE", "Holding", "Keeper", "Person", "about", "naming"]
