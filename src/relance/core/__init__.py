"""Foundations without tables and without business words."""
