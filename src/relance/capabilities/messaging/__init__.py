"""Mails: typed placeholders, templates in two languages, the outbox, and a delivery that survives what dies."""
