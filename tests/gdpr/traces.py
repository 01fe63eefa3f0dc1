"""Looks for a person everywhere: in every column of every table, in every stored file, in the log."""

import io
import zipfile
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from tests.plugins.product import Product

#: What PostgreSQL keeps texts in; a new column of any of these is looked through without a word here.
_COLUMNS = """
SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.table_name <> 'alembic_version'
  AND c.data_type IN ('text', 'character varying', 'json', 'jsonb', 'bytea', 'ARRAY', 'USER-DEFINED', 'xml')
ORDER BY 1, 2
"""


async def in_tables(product: Product, words: Sequence[str]) -> set[str]:
    """`table.column` of every column that holds one of `words`, whatever the case and the accents."""
    columns = await product.rows(_COLUMNS)
    assert len(columns) > 200
    values = {f"w{at}": f"%{word}%" for at, word in enumerate(words)}
    found: set[str] = set()
    for table, of_table in groupby(columns, key=lambda one: one["table_name"]):
        counts = ", ".join(_count(one["column_name"], one["data_type"], len(words)) for one in of_table)
        (row,) = await product.rows(f'SELECT {counts} FROM "{table}"', **values)
        found |= {f"{table}.{name}" for name, count in row.items() if count}
    return found


def _count(column: str, kind: str, words: int) -> str:
    text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
    # Quoted-printable breaks words: they are put together again.
    text = f"relance_fold(replace({text}, E'=\\n', ''))"
    holds = " OR ".join(f"{text} LIKE relance_fold(:w{at})" for at in range(words))
    return f'count(*) FILTER (WHERE {holds}) AS "{column}"'


def in_files(folder: Path, words: Sequence[str]) -> list[str]:
    """The stored files that hold one of `words`, packed or not."""
    wanted = [
        form.encode(encoding)
        for word in words
        for form in {word, word.lower(), word.upper()}
        for encoding in ("utf-8", "cp1252")
    ]
    return [str(path) for path in folder.rglob("*") if path.is_file() and _holds(path.read_bytes(), wanted)]


def _holds(content: bytes, wanted: Sequence[bytes]) -> bool:
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return any(_holds(packed.read(name), wanted) for name in packed.namelist())
    return any(one in content for one in wanted)
