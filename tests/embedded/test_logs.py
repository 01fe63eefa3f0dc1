"""What of the children's logs reaches the terminal."""

from pathlib import Path

from relance.embedded.logs import LogFollower, last_lines


def test_only_trouble_of_a_structured_log_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text('{"level": "error", "event": "of an earlier run"}\n')
    follower = LogFollower(log, structured=True)
    with log.open("a") as more:
        more.write('{"level": "info", "event": "sent"}\n{"level": "error", "event": "refused"}\n')
        more.write('Traceback (most recent call last):\nINFO:     quiet\n{"level": "warn')
    assert follower.new_lines() == ['{"level": "error", "event": "refused"}', "Traceback (most recent call last):"]
    with log.open("a") as more:
        more.write('ing", "event": "slow"}\n')
    assert follower.new_lines() == ['{"level": "warning", "event": "slow"}']
    assert follower.new_lines() == []


def test_servers_are_heard_when_they_cannot_go_on(tmp_path: Path) -> None:
    log = tmp_path / "postgresql.log"
    follower = LogFollower(log, structured=False)
    log.write_text(
        "LOG:  ready\nERROR:  duplicate key\nFATAL:  the database system is starting up\nPANIC:  disk full\n"
    )
    assert follower.new_lines() == ["PANIC:  disk full"]


def test_everything_on_demand(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    follower = LogFollower(log, structured=True, everything=True)
    log.write_text('{"level": "info"}\n')
    assert follower.new_lines() == ['{"level": "info"}']


def test_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    assert last_lines(log) == []
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert last_lines(log, 2) == ["line 98", "line 99"]
