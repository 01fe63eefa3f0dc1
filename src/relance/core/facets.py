"""Several small axes of a row as one number, so that one index serves every combination of their filters.

An index that leads with the facet and goes on with a sort key holds the rows of each combination in order; a list
that admits several combinations merges them (see core/hot_lists.py). Counting by facet is counting by all axes.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: SQL over the row's own columns that tells where it stands, and the codes that it can tell."""

    name: str
    sql: str
    codes: Sequence[str]

    @classmethod
    def of(cls, column: str, values: type[StrEnum]) -> "Axis":
        """The axis of a column that holds one of `values`."""
        return cls(column, column, tuple(value.value for value in values))

    @classmethod
    def present(cls, name: str, column: str) -> "Axis":
        """Whether `column` is there: the codes `false` and `true`."""
        return cls(name, f"CASE WHEN {column} IS NULL THEN 'false'::text ELSE 'true'::text END", ("false", "true"))


class Facets:
    """The axes of a table. Adding a code, or an axis, is a migration: the numbers move."""

    def __init__(self, *axes: Axis) -> None:
        self.axes = axes
        self._known: dict[tuple[tuple[str, frozenset[str]], ...], list[int]] = {}
        #: Number → where the row stands on each axis, in the order of the axes.
        self.places: Sequence[tuple[str, ...]] = tuple(product(*(axis.codes for axis in axes)))

    @property
    def sql(self) -> str:
        """The number of a row, for a generated column; spelt as PostgreSQL tells it back, so that drift is seen."""
        terms, weight = [], len(self.places)
        for axis in self.axes:
            weight //= len(axis.codes)
            steps = " ".join(f"WHEN '{code}'::text THEN {place * weight}" for place, code in enumerate(axis.codes))
            terms.append(f"CASE {axis.sql} {steps} ELSE NULL::integer END")
        return f"({' + '.join(terms)})::smallint"

    def among(self, wanted: Mapping[str, Collection[str]]) -> list[int]:
        """The numbers of the combinations that `wanted` admits; an axis without codes, or not named, admits all."""
        asked = tuple((name, frozenset(codes)) for name, codes in wanted.items() if codes)
        found = self._known.get(asked)
        if found is None:
            # As many as there are combinations of filters.
            found = self._known[asked] = list(self._numbers(dict(asked)))
        return found.copy()

    def _numbers(self, wanted: Mapping[str, Collection[str]]) -> Iterator[int]:
        for number, codes in enumerate(self.places):
            if all(
                code in wanted[axis.name] for axis, code in zip(self.axes, codes, strict=True) if wanted.get(axis.name)
            ):
                yield number
