"""What pre-sales keep of people: what was written about their company."""

from functools import partial

from relance.core.i18n import Text
from relance.core.personal import Holding
from relance.domains.avant_vente.asking import KIND
from relance.domains.avant_vente.models import AvantVenteComment, AvantVenteInfoRequest, AvantVenteRequest, Opportunity
from relance.domains.avant_vente.personal.repository import of_requests, requests

PERSONAL = (
    Holding(
        "opportunities",
        Text("Affaires de la société", "Opportunities of the company"),
        Opportunity,
        lambda person: Opportunity.company_id == person.company_id,
        redacted=("title",),
        shown=("created_at",),
    ),
    Holding(
        "avant_vente_requests",
        Text("Demandes d’avant-vente pour la société", "Pre-sales requests for the company"),
        AvantVenteRequest,
        requests,
        redacted=("description", "place", "reason", "expectations"),
        shown=("number", "created_at"),
        near=KIND,
    ),
    Holding(
        "avant_vente_info_requests",
        Text("Questions de l’avant-vente", "Questions of pre-sales"),
        AvantVenteInfoRequest,
        partial(of_requests, AvantVenteInfoRequest),
        redacted=("question", "answer"),
        shown=("asked_at",),
    ),
    Holding(
        "avant_vente_comments",
        Text("Commentaires de l’avant-vente", "Comments of pre-sales"),
        AvantVenteComment,
        partial(of_requests, AvantVenteComment),
        redacted=("body",),
        shown=("created_at",),
    ),
)
