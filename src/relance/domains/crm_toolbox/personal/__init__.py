"""What the infobox keeps of people: notes, what actions were given, comments, files of entries; and what was sent."""

from functools import partial

from sqlalchemy import null

from relance.core.i18n import Text
from relance.core.personal import Holding
from relance.domains.crm_toolbox.infobox.mails import COMMENT_KIND
from relance.domains.crm_toolbox.infobox.recording import KIND
from relance.domains.crm_toolbox.models import InfoboxComment, InfoboxEntry
from relance.domains.crm_toolbox.personal.repository import BARE_CONTENT, alone, among_others, sendings, sendings_near
from relance.domains.crm_toolbox.sendings.lifecycle import KIND as RECIPIENT
from relance.domains.crm_toolbox.sendings.mailing import SENDING_KIND
from relance.domains.crm_toolbox.sendings.models import ProfileRecipient, ProfileSending

PERSONAL = (
    Holding(
        "infobox_entries",
        Text("Entrées de l’infobox", "Entries of the infobox"),
        InfoboxEntry,
        partial(alone, InfoboxEntry),
        cleared={"description_html": None, "description_text": None, "content": BARE_CONTENT},
        shown=("type", "action_at", "outcome"),
        asked=KIND,
        files=KIND,
    ),
    Holding(
        "infobox_entries_with_others",
        Text("Entrées de l’infobox, avec d’autres", "Entries of the infobox, with others"),
        InfoboxEntry,
        partial(among_others, InfoboxEntry),
        redacted=("description_html", "description_text", "content"),
        shown=("type", "action_at"),
        near=KIND,
    ),
    Holding(
        "infobox_comments",
        Text("Commentaires", "Comments"),
        InfoboxComment,
        partial(alone, InfoboxComment),
        cleared={"body_html": "", "body_text": ""},
        shown=("created_at",),
        near=COMMENT_KIND,
    ),
    Holding(
        "infobox_comments_with_others",
        Text("Commentaires, avec d’autres", "Comments, with others"),
        InfoboxComment,
        partial(among_others, InfoboxComment),
        redacted=("body_html", "body_text"),
        shown=("created_at",),
        near=COMMENT_KIND,
    ),
    Holding(
        "profile_recipients",
        Text("Profils envoyés", "Profiles sent"),
        ProfileRecipient,
        lambda person: ProfileRecipient.contact_id == person.contact_id,
        shown=("status", "sent_at"),
        asked=RECIPIENT,
    ),
    Holding(
        "profile_sendings",
        Text("Envois de profils", "Sendings of profiles"),
        ProfileSending,
        sendings,
        cleared={"words": null()},
        shown=("send_at",),
        # Not `asked`: what is planned stays so, is dropped when it is due, and its author is told.
        near=SENDING_KIND,
    ),
    Holding(
        "profile_sendings_with_others",
        Text("Envois de profils, avec d’autres", "Sendings of profiles, with others"),
        ProfileSending,
        sendings_near,
        redacted=("words",),
        shown=("send_at",),
        near=SENDING_KIND,
    ),
)
