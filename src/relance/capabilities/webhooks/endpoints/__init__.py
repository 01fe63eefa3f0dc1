"""Where events are sent: addresses, filters and secrets."""
