"""The child of `relance up` that migrates and seeds; a process of its own, so that the supervisor stays small."""

import asyncio
import json
import os
import sys
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from relance.core.logging import configure_logging
from relance.core.migrate import NewerDatabaseError, upgrade
from relance.core.settings import get_settings


def main(result: Path, demo: bool) -> int:
    """Migrate, seed when `demo`, and write the credentials, or the one line that explains, to `result`."""
    settings = get_settings()
    configure_logging(settings)
    said: dict[str, object] = {}
    try:
        upgrade(settings)
        from relance.provisioning import bring_roles_up_to_date

        asyncio.run(bring_roles_up_to_date(settings))
        if demo:
            from relance.demo import seed_demo

            said = asyncio.run(seed_demo(settings)).model_dump(mode="json")
    except NewerDatabaseError as fault:
        said = {"error": str(fault)}
    except (OSError, SQLAlchemyError) as fault:
        reason = str(getattr(fault, "orig", None) or fault).partition("\n")[0]
        said = {"error": f"the database cannot be used: {reason}"}
    with os.fdopen(os.open(result, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(said, file)
    return 1 if "error" in said else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), demo="--demo" in sys.argv[2:]))
