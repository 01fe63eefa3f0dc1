"""« Actions spécifiques »: actions of the workspace's own, each with fields of its own."""
