"""Distribution lists: users who are told together."""
