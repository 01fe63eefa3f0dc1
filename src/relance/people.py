"""Composition root of what is kept of people: a room that keeps some adds its declarations here."""

from collections.abc import Sequence

from relance.capabilities.directory.personal import PERSONAL as DIRECTORY_PERSONAL
from relance.capabilities.files.personal import FilesOfPeople
from relance.capabilities.files.store import FileStore
from relance.capabilities.followups.personal import PlannedForPeople
from relance.capabilities.jobs.personal import PERSONAL as JOBS_PERSONAL
from relance.capabilities.links.personal import PERSONAL as LINKS_PERSONAL
from relance.capabilities.messaging.personal import MailsOfPeople
from relance.capabilities.privacy.people import People
from relance.capabilities.sandbox.personal import CapturedMails
from relance.core.personal import Keeper
from relance.core.runtime import Runtime
from relance.domains.avant_vente.personal import PERSONAL as AVANT_VENTE_PERSONAL
from relance.domains.crm_toolbox.personal import PERSONAL as CRM_PERSONAL
from relance.domains.invitations.personal import PERSONAL as INVITATIONS_PERSONAL
from relance.domains.mandates.personal import PERSONAL as MANDATES_PERSONAL
from relance.domains.sessions.personal import PERSONAL as SESSIONS_PERSONAL


def keepers(runtime: Runtime, store: FileStore) -> Sequence[Keeper]:
    """Everything that holds people: the rooms of subjects first, then what is about subjects."""
    return (
        *INVITATIONS_PERSONAL,
        *MANDATES_PERSONAL,
        *SESSIONS_PERSONAL,
        *AVANT_VENTE_PERSONAL,
        *CRM_PERSONAL,
        *DIRECTORY_PERSONAL,
        CapturedMails(),
        MailsOfPeople(),
        FilesOfPeople(store),
        *LINKS_PERSONAL,
        *JOBS_PERSONAL,
        PlannedForPeople(runtime.clock),
    )


def people(runtime: Runtime, store: FileStore) -> People:
    """Who tells and erases what is kept of a person."""
    return People(runtime, keepers(runtime, store))
