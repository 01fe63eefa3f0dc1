"""The workspace's list of what its pre-sales team does."""
