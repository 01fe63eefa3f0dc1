"""Workspaces, organisations, users, roles and API keys: who calls, and how far each right reaches."""
