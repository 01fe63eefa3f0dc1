"""The routers of this domain, in the order in which addresses are looked for."""

from relance.domains.crm_toolbox.gdpr.contacts_router import router as personal_data
from relance.domains.crm_toolbox.gdpr.router import router as gdpr
from relance.domains.crm_toolbox.imports.router import router as imports
from relance.domains.crm_toolbox.infobox.router import router as infobox
from relance.domains.crm_toolbox.notes.router import router as notes

routers = (imports, personal_data, gdpr, notes, infobox)
