"""Consent of contacts: asked, given, withdrawn; the emptying of those who do not give it."""
