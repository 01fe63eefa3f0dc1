"""The commands as processes: one line and an exit code where something is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.plugins.forked import Finished, finished

from relance.cli.documents import settings_page
from relance.core.settings import Settings
from relance.embedded.programs import free_ports


def relance(*words: str, **environment: str) -> Finished:
    """Run one command without any setting but those given."""
    return finished(_inherited() | environment, words)


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("RELANCE_", "DATABASE_URL"))}


def test_python_runs_the_module() -> None:
    """As nobody has imported anything before: the interpreter, the module, the exit code."""
    words = [sys.executable, "-m", "relance", "migrate"]
    done = subprocess.run(words, capture_output=True, text=True, env=_inherited(), timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr


def test_default_secret_is_refused_in_production() -> None:
    for name in ("api", "worker", "migrate"):
        finished = relance(name)
        assert finished.returncode == 2
        assert finished.stderr == (
            "relance: settings: RELANCE_SECRET_KEYS still holds the development secret: refused in production\n"
        )


def test_refused_value_is_named_and_not_shown() -> None:
    finished = relance("migrate", RELANCE_ENVIRONMENT="development", RELANCE_LEASE_SECONDS="hunter2")
    assert finished.returncode == 2
    assert finished.stderr.startswith("relance: settings: RELANCE_LEASE_SECONDS: ")
    assert "hunter2" not in finished.stderr


def test_mail_catcher_refuses_outside_of_a_sandbox() -> None:
    finished = relance("mail-catcher", RELANCE_ENVIRONMENT="development")
    assert finished.returncode == 2
    assert "RELANCE_SANDBOX=1" in finished.stderr


def test_migrate_without_a_database_is_one_line() -> None:
    url = f"postgresql://relance@127.0.0.1:{free_ports(1)[0]}/relance"
    finished = relance("migrate", RELANCE_ENVIRONMENT="development", DATABASE_URL=url)
    assert finished.returncode == 1
    assert finished.stderr.startswith("relance: the database cannot be used: ")
    assert finished.stderr.count("\n") == 1


def test_openapi_is_stable_and_its_drift_is_found(tmp_path: Path) -> None:
    contract = tmp_path / "openapi.json"
    assert relance("openapi", str(contract), RELANCE_PUBLIC_URL="http://elsewhere.example").returncode == 0
    document = json.loads(contract.read_text())
    assert document["openapi"].startswith("3.1")
    assert "elsewhere.example" not in contract.read_text()
    document["info"]["title"] = "Something else"
    contract.write_text(json.dumps(document))
    finished = relance("openapi", "--check", str(contract))
    assert finished.returncode == 1
    assert finished.stderr.endswith("run “relance openapi” and commit the result\n")


def test_every_setting_is_in_the_documentation() -> None:
    mark = "<!-- settings: made by `relance settings-doc`; do not edit by hand -->"
    page = settings_page(f"before\n{mark}\nold\n<!-- /settings -->\nafter\n")
    assert page.startswith("before\n")
    assert page.endswith("\nafter\n")
    assert "\nold\n" not in page
    rows = [line for line in page.splitlines() if line.startswith("| `RELANCE_")]
    assert len(rows) == len(Settings.model_fields)


def test_drift_of_the_settings_page_is_found(tmp_path: Path) -> None:
    page = tmp_path / "configuration.md"
    page.write_text("<!-- settings: made by `relance settings-doc`; do not edit by hand -->\n<!-- /settings -->\n")
    assert relance("settings-doc", "--check", str(page)).returncode == 1
    assert relance("settings-doc", str(page)).returncode == 0
    assert relance("settings-doc", "--check", str(page)).returncode == 0
