"""The house check finds what it is for, and leaves alone what only looks like it."""

from pathlib import Path

import pytest

from scripts import check_house


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty house to put files in."""
    monkeypatch.setattr(check_house, "ROOT", tmp_path)
    monkeypatch.setattr(check_house, "SOURCE", tmp_path / "src" / "relance")
    return tmp_path / "src" / "relance"


def offences(house: Path, place: str, source: str) -> list[str]:
    """What the check says of one file."""
    path = house / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    return [line.partition(": ")[2] for line in check_house.offences(path)]


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy import select\nselect(1)\n",
        "from sqlalchemy import select as pick\npick(1)\n",
        "import sqlalchemy as sa\nsa.sql.delete(table)\n",
        "from sqlalchemy.dialects.postgresql import insert\ninsert(table)\n",
    ],
)
def test_statement_outside_a_repository_is_found(house: Path, source: str) -> None:
    assert len(offences(house, "domains/invitations/service.py", source)) == 1
    assert offences(house, "domains/invitations/repository.py", source) == []


def test_namesakes_are_left_alone(house: Path) -> None:
    source = "from relance.core.i18n import Text as text\ntext('a')\nd.update(a=1)\nmine.delete()\n"
    assert offences(house, "domains/invitations/service.py", source) == []


def test_commit_is_written_once(house: Path) -> None:
    source = "async def end(session):\n    await session.commit()\n"
    assert offences(house, "core/db.py", source) == []
    for place in ("core/other.py", "domains/invitations/repository.py"):
        assert offences(house, place, source) == [".commit( is written once, in core/db.py"]


def test_long_file_is_found(house: Path) -> None:
    assert offences(house, "core/ids.py", "x = 1\n" * 400) == []
    assert offences(house, "core/ids.py", "x = 1\n" * 401) == ["401 lines: split it, 400 is the most"]
