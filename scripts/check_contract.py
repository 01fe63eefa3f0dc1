"""What a front-end team would do with the contract, tried: lint it, compile a client of it, run that, and fuzz.

`python -m scripts.check_contract [SECONDS] [SEED]`: how long to fuzz, and from where. The lint and the client need node
and npm; without them they are skipped, loudly, at the start and in the last line.
"""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

from relance.core.paths import project_root
from scripts.fuzz import fuzz
from scripts.running_service import running_service

ROOT = project_root()
LINT, CLIENT = ROOT / "openapi", ROOT / "clients" / "typescript"
_FUZZ_SECONDS = 45
_SKIPPED = "SKIPPED: lint and TypeScript client of the contract: node and npm are not installed\n"


def _npm(folder: Path, *words: str, **env: str) -> None:
    subprocess.run(["npm", *words], cwd=folder, env=dict(os.environ) | env, check=True)  # noqa: S603, S607 - npm on PATH


def _installed(folder: Path) -> None:
    """Install what the lock says, unless it is what is there."""
    lock, stamp = folder / "package-lock.json", folder / "node_modules" / ".relance-lock"
    if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
        _npm(folder, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
        stamp.write_bytes(lock.read_bytes())


def main(arguments: list[str]) -> int:
    """Run every step; the first that fails ends it."""
    seconds = int(arguments[0]) if arguments else _FUZZ_SECONDS
    seed = int(arguments[1]) if len(arguments) > 1 else random.SystemRandom().randrange(2**31)
    node = shutil.which("node") is not None and shutil.which("npm") is not None
    if not node:
        sys.stdout.write(_SKIPPED)
        sys.stdout.flush()
    try:
        if node:
            _installed(LINT)
            _npm(LINT, "run", "lint")
            _installed(CLIENT)
            for step in ("generate", "check", "build"):
                _npm(CLIENT, "run", step)
        with running_service() as service:
            if node:
                account = {"RELANCE_EMAIL": service.email, "RELANCE_PASSWORD": service.password}
                _npm(CLIENT, "start", RELANCE_URL=service.base_url, **account)
            code = fuzz(service, seconds, seed)
    except subprocess.CalledProcessError as fault:
        sys.stdout.write(f"failed: {' '.join(map(str, fault.cmd))}\n")
        return 1
    if not node:
        sys.stdout.write(_SKIPPED)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
