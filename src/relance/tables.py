"""Imports every table of the product, so that the metadata is whole wherever it is needed (migrations, tests)."""

from relance.capabilities.directory import models as directory
from relance.capabilities.files import models as files
from relance.capabilities.followups import models as followups
from relance.capabilities.identity import models as identity
from relance.capabilities.jobs import models as jobs
from relance.capabilities.journal import models as journal
from relance.capabilities.links import models as links
from relance.capabilities.messaging import models as messaging
from relance.capabilities.messaging.catalogue import models as templates
from relance.capabilities.sandbox import models as sandbox
from relance.capabilities.webhooks import models as webhooks
from relance.core.idempotency import models as idempotency
from relance.domains.avant_vente import models as avant_vente
from relance.domains.crm_toolbox import models as crm_toolbox
from relance.domains.crm_toolbox.export_templates import models as export_templates
from relance.domains.crm_toolbox.gdpr import models as gdpr
from relance.domains.crm_toolbox.profiles import models as profiles
from relance.domains.crm_toolbox.sendings import models as sendings
from relance.domains.invitations import models as invitations
from relance.domains.mandates import models as mandates
from relance.domains.sessions import models as sessions

__all__ = [
    "avant_vente",
    "crm_toolbox",
    "directory",
    "export_templates",
    "files",
    "followups",
    "gdpr",
    "idempotency",
    "identity",
    "invitations",
    "jobs",
    "journal",
    "links",
    "mandates",
    "messaging",
    "profiles",
    "sandbox",
    "sendings",
    "sessions",
    "templates",
    "webhooks",
]
