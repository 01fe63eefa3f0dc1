"""Write the migration that brings the database to the models: `make migration name="what it does"`.

The difference is taken from a throw-away database that the present migrations have built. Read what it wrote.
"""

import os
import re
import sys
from contextlib import ExitStack

from alembic import command

from relance.core.migrate import alembic_config, heads, upgrade
from relance.core.settings import Settings
from relance.embedded.testing import postgres_server
from scripts.check_migrations import empty_database


def main() -> int:
    """Make one revision, numbered after the last."""
    message = " ".join(sys.argv[1:]).strip()
    if not message:
        sys.stdout.write('say what it does: make migration name="…"\n')
        return 2
    newest = heads()
    number = int(newest[0][:4]) + 1 if newest else 1
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:40]
    with ExitStack() as stack:
        admin_url = os.environ.get("TEST_DATABASE_URL") or stack.enter_context(postgres_server())
        url = stack.enter_context(empty_database(admin_url))
        settings = Settings(environment="development", database_url=url)
        if newest:
            upgrade(settings)
        config = alembic_config(settings)
        config.set_main_option("file_template", "%%(rev)s")
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}_{slug}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
