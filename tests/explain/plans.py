"""How PostgreSQL answers a list: what it reads, by which index, and what it sorts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from relance.core.quick import Quick


@dataclass(frozen=True)
class Plan:
    """What `EXPLAIN (ANALYZE)` tells of a statement."""

    root: Mapping[str, Any]

    @property
    def returned(self) -> int:
        """Rows of the answer."""
        return int(self.root["Actual Rows"])

    @property
    def nodes(self) -> Iterator[Mapping[str, Any]]:
        """Every node that ran."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            waiting += node.get("Plans", [])
            if node["Actual Loops"]:
                yield node

    def read(self, table: str) -> float:
        """Rows of `table` that were looked at, whether they were wanted or not."""
        looked: float = sum(
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0))
            * node["Actual Loops"]
            for node in self.nodes
            # What changes rows names the table as well, and looks at nothing.
            if node.get("Relation Name") == table and node["Node Type"] != "ModifyTable"
        )
        return looked

    def branches(self, table: str) -> int:
        """How many scans of `table` there are; a merge looks one row ahead in each."""
        return sum(node.get("Relation Name") == table for node in self.nodes)

    def scanned_whole(self, *tables: str) -> list[str]:
        """Those of `tables` that were read from end to end."""
        return [
            node["Relation Name"]
            for node in self.nodes
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in tables
        ]

    @property
    def most_sorted(self) -> float:
        """Rows that went into the largest sort."""
        sorts = [node for node in self.nodes if node["Node Type"] in {"Sort", "Incremental Sort"}]
        return max((node["Plans"][0]["Actual Rows"] * node["Actual Loops"] for node in sorts), default=0)


async def explain(connection: Any, statement: Quick, values: Mapping[str, Any]) -> Plan:
    """The plan that `statement` has with those values."""
    found = await connection.fetchval(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement.sql}", *statement.arguments(values)
    )
    return Plan((orjson.loads(found) if isinstance(found, str) else found)[0]["Plan"])
