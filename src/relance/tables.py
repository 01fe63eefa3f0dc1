"""Imports every table of the product, so that the metadata is whole wherever it is needed (migrations, tests)."""

from relance.capabilities.followups import models as followups
from relance.capabilities.journal import models as journal

__all__ = ["followups", "journal"]
