"""Mandates: a small company is asked to accept a mandate and to open its account."""
