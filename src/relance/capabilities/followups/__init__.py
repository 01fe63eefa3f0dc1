"""Reminders and expirations: planned as rows, cancelled by an answer, swept when due."""
