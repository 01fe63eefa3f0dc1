"""The data directory: one owner at a time, private secrets, a clear refusal where it cannot be written."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from relance.embedded.data_directory import DataDirectory
from relance.embedded.errors import StartError


@pytest.fixture
def without_privileges() -> Iterator[None]:
    """Root may write anywhere: take another account for the time of the test."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


def test_second_owner_is_refused(tmp_path: Path) -> None:
    second = DataDirectory(tmp_path / "data")
    with DataDirectory(tmp_path / "data"), pytest.raises(StartError, match="another “relance up” is running"):
        second.__enter__()
    with DataDirectory(tmp_path / "data"):
        pass


def test_unwritable_folder_is_refused_in_one_line(tmp_path: Path, without_privileges: None) -> None:
    with pytest.raises(StartError, match="is not writable: Permission denied"), DataDirectory(Path("/usr/relance")):
        pass


def test_file_in_the_way_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="is not writable"), DataDirectory(tmp_path / "file" / "data"):
        pass


def test_secret_is_made_once_and_private(tmp_path: Path) -> None:
    with DataDirectory(tmp_path) as directory:
        made = directory.secret("secret")
        assert directory.secret("secret") == made
        assert directory.secret("other") != made
    assert len(made) == 64
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_credentials_replace_earlier_ones_and_are_private(tmp_path: Path) -> None:
    with DataDirectory(tmp_path) as directory:
        (tmp_path / "credentials.json").write_text("{}")
        (tmp_path / "credentials.json").chmod(0o644)
        path = directory.write_credentials({"base_url": "http://127.0.0.1:8000"})
    assert json.loads(path.read_text()) == {"base_url": "http://127.0.0.1:8000"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_large_log_is_put_aside(tmp_path: Path) -> None:
    with DataDirectory(tmp_path) as directory:
        directory.log("api").write_bytes(b"x" * (10 * 1024 * 1024 + 1))
        assert not directory.log("api").exists()
    assert (tmp_path / "logs" / "api.log.1").stat().st_size > 10 * 1024 * 1024
