"""`relance import` as a process: the report, the refused rows as a file, what is refused whole."""

import asyncio
from pathlib import Path

from tests.cli.test_accounts import relance, rows

HEAD = "Nom;Prénom;Société;E-mail\r\n"


async def test_an_import_from_the_command_line(empty_database: str, tmp_path: Path) -> None:
    def run(*words: str, typed: str = "") -> tuple[int, str, str]:
        done = relance(empty_database, *words, typed=typed, RELANCE_FILES_URL=(tmp_path / "store").as_uri())
        return done.returncode, done.stdout, done.stderr

    assert run("workspace", "create", "acme", "Acme SAS")[0] == 0
    words = ("user", "create", "nora@acme.example", "Nora", "--workspace", "acme", "--role", "admin")
    assert run(*words, "--password-stdin", typed="quatre mots sans rapport aucun\n")[0] == 0
    file = tmp_path / "contacts.csv"
    file.write_text(f"{HEAD}Martin;Zoé;Fonderie;zoe@f.example\r\nRoux;;Fonderie;x\r\n", encoding="cp1252")
    whose = ("--workspace", "acme", "--user", "nora@acme.example")
    tried = await asyncio.to_thread(run, "import", "contacts", str(file), *whose, "--dry-run")
    assert (tried[0], sorted(tried[1].split("\n"))) == (1, ["", "created\t1", "validation_failed\t1"]), tried
    assert await rows(empty_database, "SELECT id FROM contacts") == []
    done = await asyncio.to_thread(run, "import", "contacts", str(file), *whose)
    assert (done[0], "created\t1" in done[1]) == (1, True), done
    [contact] = await rows(empty_database, "SELECT email FROM contacts")
    assert contact["email"] == "zoe@f.example"
    refused = (tmp_path / "contacts.csv.errors.csv").read_text(encoding="utf-8-sig")
    assert "Roux" in refused
    assert "/email" in refused
    again = await asyncio.to_thread(run, "import", "contacts", str(file), *whose)
    assert (again[0], "imported before" in again[2]) == (2, True), again
    for bad, said in (
        (("--workspace", "autre", "--user", "nora@acme.example"), "there is no workspace"),
        (("--workspace", "acme", "--user", "x@acme.example"), "no active user"),
    ):
        found = await asyncio.to_thread(run, "import", "contacts", str(file), *bad)
        assert (found[0], said in found[2]) == (2, True), found
