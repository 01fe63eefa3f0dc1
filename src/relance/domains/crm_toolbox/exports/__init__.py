"""Contacts and companies as files."""
