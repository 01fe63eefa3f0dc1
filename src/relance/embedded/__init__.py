"""The one-command default: embedded PostgreSQL, Valkey and mail catcher."""
