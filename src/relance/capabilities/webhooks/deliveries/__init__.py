"""Each event for each endpoint: rows first, then conversations, then what came of them."""
