"""JSON for arq's jobs: its default is pickle, which turns whoever can write to Redis into whoever can run code."""

from typing import Any

import orjson


def dump_job(job: dict[str, Any]) -> bytes:
    """An arq job as JSON; an exception that a job raised is kept by its name."""
    return orjson.dumps(job, default=repr)


def load_job(data: bytes) -> dict[str, Any]:
    """The arq job behind `data`."""
    job: dict[str, Any] = orjson.loads(data)
    return job
