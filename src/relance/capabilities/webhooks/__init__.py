"""Events for partner integrations: one ordered feed of the journal, and webhooks that carry the same events."""
