"""Emptying or deleting a contact leaves no trace of the person: every table, file and line of the log is looked through."""

import io
import sys
from pathlib import Path

import pytest
from tests.avant_vente.desk import Desk, open_desk
from tests.gdpr.person import EMAIL, WORDS, asked_everywhere, known_contact, made
from tests.gdpr.traces import in_files, in_tables
from tests.plugins.product import Office, Product

from relance.capabilities.files.sweeper import FileSweeper
from relance.core.logging import configure_logging


async def test_emptying_leaves_no_trace(product: Product, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    settings = product.runtime.settings
    monkeypatch.setattr(sys, "stderr", log)
    configure_logging(settings.model_copy(update={"log_level": "debug"}))
    desk: Desk = await open_desk(product, office)
    contact = await known_contact(product, office.admin)
    await asked_everywhere(product, office, desk, contact)
    path = f"/v1/contacts/{contact['id']}"
    folder = Path(settings.files_url.removeprefix("file://"))
    before = await in_tables(product, WORDS)
    print(sorted(before))
    assert len(in_files(folder, WORDS)) >= 2

    told = made(await office.admin.get(f"{path}/export"), 200)
    print([(one["section"], len(one["records"])) for one in told["sections"]])
    emptied = made(await office.admin.post(f"{path}/empty"), 200)
    assert (emptied["gdpr"]["status"], emptied["last_name"], emptied["email"]) == ("emptied", "", None)
    await product.work()
    await FileSweeper(product.runtime, product.app.state.file_store).sweep()
    assert await in_tables(product, WORDS) == set()
    assert in_files(folder, WORDS) == []
    monkeypatch.undo()
    configure_logging(settings)
    assert [line for line in log.getvalue().splitlines() if any(word in line.lower() for word in WORDS)] == []
    assert EMAIL
