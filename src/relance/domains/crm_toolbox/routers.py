"""The routers of this domain, in the order in which addresses are looked for."""

from relance.domains.crm_toolbox.actions.router import router as actions
from relance.domains.crm_toolbox.custom.router import actions as custom_actions
from relance.domains.crm_toolbox.custom.router import types as custom_types
from relance.domains.crm_toolbox.gdpr.contacts_router import router as personal_data
from relance.domains.crm_toolbox.gdpr.router import router as gdpr
from relance.domains.crm_toolbox.imports.router import router as imports
from relance.domains.crm_toolbox.infobox.comments.router import router as comments
from relance.domains.crm_toolbox.infobox.entry_router import router as entry
from relance.domains.crm_toolbox.infobox.router import router as infobox
from relance.domains.crm_toolbox.lists.router import router as lists
from relance.domains.crm_toolbox.notes.router import router as notes
from relance.domains.crm_toolbox.profile_routers import routers as profiles
from relance.domains.crm_toolbox.toolbox.router import router as toolbox

routers = (
    toolbox,
    imports,
    personal_data,
    gdpr,
    notes,
    *profiles,
    actions,
    custom_actions,
    custom_types,
    lists,
    infobox,
    entry,
    comments,
)
