"""Breaking changes of the contract since the last release, refused unless the changelog names them.

Compares `openapi/openapi.json` with that of the last tag, or with `openapi/baseline.json` where there is no tag (no
release yet, or a clone without tags). What would break a client that follows the old contract: something it sends is no
longer taken, something it reads is gone or of another kind. A break is accepted when the section “Unreleased” of
CHANGELOG.md names its operation in backquotes on a line that says “breaking”. `--accept` writes the baseline anew.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from relance.core.paths import project_root
from relance.openapi import operations, scopes

ROOT = project_root()
CONTRACT, BASELINE, CHANGELOG = ROOT / "openapi/openapi.json", ROOT / "openapi/baseline.json", ROOT / "CHANGELOG.md"
Schema = Mapping[str, Any]
Document = dict[str, Any]
#: What no program depends on.
_WORDS = frozenset({"description", "summary", "title", "example", "examples", "tags", "headers", "info"})
_LOWER_IS_NARROWER = ("maximum", "maxLength", "maxItems", "maxProperties")
_HIGHER_IS_NARROWER = ("minimum", "minLength", "minItems", "minProperties")


class Comparison:
    """Two contracts; the schemas of one are compared with those of the other, each pair once."""

    def __init__(self, old: Document, new: Document) -> None:
        self._old, self._new = old, new
        self._under_way: set[tuple[str, str, bool]] = set()

    def breaks(self) -> Iterator[tuple[str, str]]:
        """Operation and what breaks in it."""
        now = {operation["operationId"]: (method, path, operation) for method, path, operation in operations(self._new)}
        for method, path, old in operations(self._old):
            name = old["operationId"]
            if name not in now:
                yield name, "is gone"
                continue
            if now[name][:2] != (method, path):
                yield name, f"was {method.upper()} {path}"
            yield from ((name, what) for what in self._operation(old, now[name][2]))

    def _operation(self, old: Schema, new: Schema) -> Iterator[str]:
        yield from (f"asks for the scope {scope}" for scope in scopes(dict(new)) if scope not in scopes(dict(old)))
        yield from self._parameters(old, new)
        yield from self._bodies(old, new)
        for status, response in old["responses"].items():
            if status >= "4":
                continue
            if status not in new["responses"]:
                yield f"no longer answers {status}"
                continue
            for media, shown in response.get("content", {}).items():
                now = new["responses"][status].get("content", {}).get(media)
                if now is None:
                    yield f"no longer answers {media}"
                else:
                    yield from self._schema(shown.get("schema", {}), now.get("schema", {}), f"{status}", sent=False)

    def _parameters(self, old: Schema, new: Schema) -> Iterator[str]:
        before = {(one["in"], one["name"]): one for one in old.get("parameters", [])}
        after = {(one["in"], one["name"]): one for one in new.get("parameters", [])}
        for key, parameter in before.items():
            if key not in after:
                yield f"no longer takes the parameter {key[1]}"
                continue
            if after[key].get("required") and not parameter.get("required"):
                yield f"parameter {key[1]} is required"
            yield from self._schema(parameter["schema"], after[key]["schema"], f"parameter {key[1]}", sent=True)
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                yield f"new required parameter {key[1]}"

    def _bodies(self, old: Schema, new: Schema) -> Iterator[str]:
        before, after = old.get("requestBody"), new.get("requestBody")
        if after is not None and after.get("required") and not (before or {}).get("required"):
            yield "a body is required"
        for media, body in (before or {}).get("content", {}).items():
            now = (after or {}).get("content", {}).get(media)
            if now is None:
                yield f"no longer reads {media}"
            else:
                yield from self._schema(body["schema"], now["schema"], "body", sent=True)

    def _schema(self, old: Schema, new: Schema, at: str, *, sent: bool) -> Iterator[str]:
        key = (str(old.get("$ref")), str(new.get("$ref")), sent)
        if "$ref" in old and "$ref" in new:
            if key in self._under_way:
                return
            self._under_way.add(key)
        before, after = _resolved(old, self._old), _resolved(new, self._new)
        narrower, wider = (after, before) if sent else (before, after)
        yield from _kinds(narrower, wider, at, sent)
        properties, now = before.get("properties", {}), after.get("properties", {})
        for name, part in properties.items():
            if name not in now:
                yield f"{at}: {name} is gone"
            else:
                yield from self._schema(part, now[name], f"{at}.{name}", sent=sent)
        required, now_required = set(before.get("required", [])), set(after.get("required", []))
        if sent:
            yield from (f"{at}: {name} is required" for name in sorted(now_required - required))
        else:
            yield from (f"{at}: {name} may be absent" for name in sorted((required - now_required) & set(now)))
        if "items" in before and "items" in after:
            yield from self._schema(before["items"], after["items"], f"{at}[]", sent=sent)
        self._under_way.discard(key)


def _resolved(schema: Schema, document: Document) -> Schema:
    """`schema` behind its reference; “a reference or null” as the thing itself with one kind more."""
    if "$ref" in schema:
        found: Schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    ways = schema.get("oneOf", [])
    if len(ways) == 2 and ways[1] == {"type": "null"}:
        inner = _resolved(ways[0], document)
        return {**inner, "type": sorted(_types(inner) | {"null"})}
    return schema


def _types(schema: Schema) -> set[str]:
    kinds = schema.get("type", [])
    return set(kinds) if isinstance(kinds, list) else {kinds}


def _values(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {repr(schema["const"])}
    return {repr(value) for value in schema["enum"]} if "enum" in schema else None


def _kinds(narrower: Schema, wider: Schema, at: str, sent: bool) -> Iterator[str]:
    """What `wider` allows beyond `narrower`, where nothing must be: of what is sent the new side may not be narrower,
    of what is read it may not be wider."""
    kinds, known = _types(wider), _types(narrower)
    if known and kinds - known and not (kinds == {"integer"} and "number" in known):
        yield f"{at}: {'no longer takes' if sent else 'may now be'} {', '.join(sorted(kinds - known))}"
    if sent is False and known and not kinds:
        yield f"{at}: may now be anything"
    limited, free = _values(narrower), _values(wider)
    if limited is not None and (free is None or free - limited):
        beyond = ", ".join(sorted((free or set()) - limited)) or "any"
        yield f"{at}: {'no longer takes' if sent else 'may now be'} {beyond}"
    if sent:
        for name in _LOWER_IS_NARROWER + _HIGHER_IS_NARROWER:
            limit, before = narrower.get(name), wider.get(name)
            tighter = min if name in _LOWER_IS_NARROWER else max
            if limit is not None and (before is None or (tighter(limit, before) == limit != before)):
                yield f"{at}: {name} is {limit}, was {before}"
        for name in ("pattern", "format"):
            if name in narrower and narrower[name] != wider.get(name):
                yield f"{at}: {name} is {narrower[name]}, was {wider.get(name)}"
    elif narrower.get("format") != wider.get("format"):
        yield f"{at}: the format was {narrower.get('format')}"


def bare(value: Any, named: bool = False) -> Any:
    """A contract without its words; `named`: the keys are names that somebody chose, and all stay."""
    if isinstance(value, dict):
        chosen = ("properties", "schemas", "paths")
        return {
            key: bare(below, not named and key in chosen) for key, below in value.items() if named or key not in _WORDS
        }
    return [bare(below) for below in value] if isinstance(value, list) else value


def _git(*words: str) -> str | None:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)  # noqa: S603, S607 - git on PATH
    return done.stdout if done.returncode == 0 else None


def last_released() -> tuple[str, Document]:
    """The contract of the last tag, or the committed baseline; and which of them it is."""
    tag = (_git("describe", "--tags", "--abbrev=0") or "").strip()
    released = _git("show", f"{tag}:openapi/openapi.json") if tag else None
    if released is not None:
        return tag, json.loads(released)
    return BASELINE.name, json.loads(BASELINE.read_text(encoding="utf-8"))


def noted(changelog: Path) -> set[str]:
    """The operations whose breaks the section “Unreleased” of the changelog admits."""
    found = re.search(r"^## .*unreleased.*?$(.*?)(?=^## |\Z)", changelog.read_text("utf-8"), re.I | re.M | re.S)
    lines = (found[1] if found else "").splitlines()
    return {name for line in lines if "breaking" in line.lower() for name in re.findall(r"`([a-z0-9_]+)`", line)}


def main(arguments: list[str]) -> int:
    """Compare, or accept."""
    contract: Document = json.loads(CONTRACT.read_text(encoding="utf-8"))
    if arguments == ["--accept"]:
        BASELINE.write_text(json.dumps(bare(contract), sort_keys=True, separators=(",", ":")) + "\n", encoding="utf-8")
        return 0
    since, released = last_released()
    admitted = noted(CHANGELOG)
    found = sorted({(name, what) for name, what in Comparison(released, contract).breaks() if name not in admitted})
    for name, what in found:
        sys.stdout.write(f"{name}: {what}\n")
    if found:
        sys.stdout.write(f"{len(found)} breaking changes since {since}; see CONTRIBUTING.md, “Changing things”\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
