"""House rules that no linter knows: where statements are written, the one commit, how long a file is.

Prints one line per offence and exits 1 when there is one.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "relance"
LONGEST_FILE = 400
STATEMENTS = frozenset({"select", "insert", "update", "delete", "text", "exists", "union", "union_all"})
# Where SQL belongs. Models hold check constraints and partial indexes; core is the mechanism itself.
SQL_FILES = frozenset({"repository.py", "models.py"})


def sql_names(tree: ast.Module) -> frozenset[str]:
    """The names under which this file knows SQLAlchemy's statement builders, aliases included."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "sqlalchemy":
            names.update(alias.asname or alias.name for alias in node.names if alias.name in STATEMENTS)
    return frozenset(names)


def sqlalchemy_modules(tree: ast.Module) -> frozenset[str]:
    """The names that stand for the module itself: `import sqlalchemy as sa`, `from sqlalchemy import sql`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(
                alias.asname or "sqlalchemy" for alias in node.names if alias.name.partition(".")[0] == "sqlalchemy"
            )
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "sqlalchemy":
            names.update(alias.asname or alias.name for alias in node.names if alias.name in {"sql", "dialects"})
    return frozenset(names)


def root_name(node: ast.expr) -> str:
    """`sa` of `sa.sql.select`; empty for what does not start with a name."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def offences(path: Path) -> Iterator[str]:
    """What `path` does against the rules, as `file:line: words`."""
    source = path.read_text(encoding="utf-8")
    place = path.relative_to(ROOT)
    inside = path.relative_to(SOURCE).parts
    if (count := len(source.splitlines())) > LONGEST_FILE:
        yield f"{place}:{LONGEST_FILE}: {count} lines: split it, {LONGEST_FILE} is the most"
    tree = ast.parse(source, filename=str(path))
    may_query = inside[0] == "core" or path.name in SQL_FILES or "repository" in inside
    may_commit = inside == ("core", "db.py")
    builders, modules = sql_names(tree), sqlalchemy_modules(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in builders and not may_query:
            yield f"{place}:{node.lineno}: {called.id}( belongs in a repository.py"
        if isinstance(called, ast.Attribute):
            if called.attr in STATEMENTS and root_name(called) in modules and not may_query:
                yield f"{place}:{node.lineno}: .{called.attr}( belongs in a repository.py"
            if called.attr == "commit" and not may_commit:
                yield f"{place}:{node.lineno}: .commit( is written once, in core/db.py"


def main() -> int:
    """Check every source file."""
    found = [offence for path in sorted(SOURCE.rglob("*.py")) for offence in offences(path)]
    for offence in found:
        sys.stdout.write(offence + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
