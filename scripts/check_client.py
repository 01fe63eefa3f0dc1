"""The TypeScript client: generated from the committed contract, compiled strictly, run against a running service.

Needs node and npm; without them it says so and passes, since CI has them.
"""

import os
import shutil
import subprocess
import sys

from relance.core.paths import project_root
from scripts.running_service import running_service

FOLDER = project_root() / "clients" / "typescript"


def _npm(*words: str, **env: str) -> None:
    subprocess.run(["npm", *words], cwd=FOLDER, env=dict(os.environ) | env, check=True)  # noqa: S603, S607 - npm on PATH


def main() -> int:
    """Generate, compile, run."""
    if shutil.which("npm") is None:
        sys.stdout.write("SKIPPED: the TypeScript client is not checked, because node and npm are not installed\n")
        return 0
    try:
        _npm("ci", "--no-audit", "--no-fund", "--ignore-scripts")
        _npm("run", "generate")
        _npm("run", "build")
        with running_service() as service:
            account = {"RELANCE_EMAIL": service.email, "RELANCE_PASSWORD": service.password}
            _npm("start", RELANCE_URL=service.base_url, **account)
    except subprocess.CalledProcessError as fault:
        sys.stdout.write(f"the TypeScript client fails: {' '.join(map(str, fault.cmd))}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
