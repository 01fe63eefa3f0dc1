"""Files to import, and following an import to its end."""

import io
from collections.abc import Sequence
from typing import Any

import httpx
import openpyxl
from tests.plugins.product import Person, Product

IMPORTS = "/v1/crm-toolbox/imports"
HEAD = ("Nom", "Prénom", "Société", "E-mail", "Téléphone")


def table(*rows: Sequence[str], mark: str = ";", encoding: str = "utf-8") -> bytes:
    """A CSV."""
    return "".join(mark.join(row) + "\r\n" for row in rows).encode(encoding)


def workbook(*rows: Sequence[object]) -> bytes:
    """An XLSX."""
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


async def send(person: Person, content: bytes, *, dry_run: bool = False, **form: str) -> httpx.Response:
    """Upload a file to be imported."""
    files = {"file": ("contacts.csv", content)}
    return await person.ask("POST", IMPORTS, files=files, data=form, params={"dry_run": dry_run})


async def ended(product: Product, person: Person, answer: httpx.Response) -> dict[str, Any]:
    """The job of an answer, at its end."""
    assert answer.status_code == 202, answer.text
    await product.work()
    job = await person.get(answer.headers["Location"])
    found: dict[str, Any] = job.json()
    assert found["state"] == "done", found
    return found


def counts(job: dict[str, Any]) -> dict[str, int]:
    """How many rows came to each outcome."""
    return {one["outcome"]: one["count"] for one in job["counts"]}


async def faults(person: Person, job: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Row, column and code of each fault."""
    found = await person.get(f"/v1/jobs/{job['id']}/results", params={"failed": True, "limit": 200})
    return [
        (item["number"], one["pointer"].removeprefix("/"), one["code"])
        for item in found.json()["items"]
        for one in item["errors"]
    ]
