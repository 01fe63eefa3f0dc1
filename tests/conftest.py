"""Shared by every test: the servers of the run."""

pytest_plugins = ["tests.plugins.servers"]
