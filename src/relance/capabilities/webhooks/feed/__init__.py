"""The feed: journal entries in one order, which no reader can miss a part of."""
