"""Schemathesis, every check, authenticated, against a running service: `python -m scripts.fuzz [SECONDS] [SEED]`."""

import os
import random
import subprocess
import sys
import tempfile

from relance.core.paths import project_root
from scripts.running_service import Service, running_service

ROOT = project_root()
_SECONDS = 45


def fuzz(service: Service, seconds: int, seed: int) -> int:
    """Run it for `seconds`; the exit code says whether it found something. The seed is printed, and repeats the run."""
    env = dict(os.environ) | {
        "SCHEMATHESIS_HOOKS": "tests.contract.fuzz_hooks",
        "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
        "RELANCE_FUZZ_URL": service.base_url,
        "RELANCE_FUZZ_KEY": service.api_key,
    }
    words = ["--config-file", str(ROOT / "tests/contract/fuzz.toml"), "run", f"{service.base_url}/openapi.json"]
    # One thread: two that parse Python at once (Hypothesis does, to name functions) end CPython 3.11 in a SystemError.
    words += ["--header", f"Authorization: Bearer {service.api_key}", "--checks", "all", "--workers", "1"]
    words += [
        "--max-time",
        str(seconds),
        "--seed",
        str(seed),
        "--continue-on-failure",
        "--no-shrink",
        "--warnings",
        "off",
    ]
    words += ["--wait-for-schema", "30", "--request-timeout", "30", "--suppress-health-check", "all"]
    with tempfile.TemporaryDirectory(prefix="relance-fuzz-") as folder:  # it keeps a database of examples where it runs
        done = subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "schemathesis.cli", *words],
            cwd=folder,
            env=env,
            check=False,
        )
    return done.returncode


def main(arguments: list[str]) -> int:
    """Start a service, fuzz it, stop it."""
    seconds = int(arguments[0]) if arguments else _SECONDS
    seed = int(arguments[1]) if len(arguments) > 1 else random.SystemRandom().randrange(2**31)
    with running_service() as service:
        return fuzz(service, seconds, seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
