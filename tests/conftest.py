"""Shared by every test: the servers of the run, a migrated database, the product around it."""

pytest_plugins = ["tests.plugins.servers", "tests.plugins.database", "tests.plugins.product"]
