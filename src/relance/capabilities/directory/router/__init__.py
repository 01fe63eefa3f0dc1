"""HTTP of the directory."""

from fastapi import APIRouter

from relance.capabilities.directory.router.companies import companies
from relance.capabilities.directory.router.contacts import contacts
from relance.capabilities.directory.router.settings import custom_fields, saved_views, statuses

routers: tuple[APIRouter, ...] = (companies, contacts, statuses, custom_fields, saved_views)

__all__ = ["companies", "contacts", "routers"]
