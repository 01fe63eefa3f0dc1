"""The client companies of a session, and how each stands to its dates."""
