"""What the infobox keeps of people: notes, what actions were given, comments, and the files of entries."""

from functools import partial

from relance.core.i18n import Text
from relance.core.personal import Holding
from relance.domains.crm_toolbox.infobox.mails import COMMENT_KIND
from relance.domains.crm_toolbox.infobox.recording import KIND
from relance.domains.crm_toolbox.models import InfoboxComment, InfoboxEntry
from relance.domains.crm_toolbox.personal.repository import BARE_CONTENT, alone, among_others

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
)
