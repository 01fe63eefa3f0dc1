"""Relance: ask somebody outside by e-mail, remind them, record the answer."""

__version__ = "0.1.0"
