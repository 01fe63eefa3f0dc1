"""The table of the benchmarks: a bench that runs alone replaces its own rows; the picture is drawn of all of them."""

from pathlib import Path

import pytest
from benchmarks import harness, report


def _result(title: str, ours: float, note: str = "") -> harness.Result:
    samples = {harness.OURS: [harness.Sample(ours, 2**20)], harness.LIMIT: [harness.Sample(100, 0)]}
    return harness.Result(title, (harness.of_limit(0.5), harness.of_usual(3)), samples, note)


def test_a_bench_replaces_its_own_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results.md")
    monkeypatch.setattr(report, "PICTURE", tmp_path / "picture.svg")
    report.write([_result("one", 60, "said of one"), _result("other", 40)])
    report.write([_result("other", 80)])
    rows = {row.title: row for row in report.read((tmp_path / "results.md").read_text("utf-8"))}
    assert list(rows) == ["one", "other"]
    assert rows["one"].note == "said of one"
    assert rows["other"].cells[1:5] == ["80", "100", "–", "0.80"]
    # The usual way was not measured: that bar says nothing.
    assert rows["other"].bars == [("≥ 0.5 of the limit", 1.6)]
    assert "1.60 of “≥ 0.5 of the limit”" in (tmp_path / "picture.svg").read_text("utf-8")
    report.write([_result("third", 20)], fresh=True)
    (row,) = report.read((tmp_path / "results.md").read_text("utf-8"))
    assert row.title == "third"
    assert row.bars == [("≥ 0.5 of the limit", 0.4)]
