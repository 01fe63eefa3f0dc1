"""What sessions keep of people: who is asked for dates, what they answered, and texts about their company."""

from relance.core.i18n import Text
from relance.core.personal import Holding
from relance.domains.sessions.asking import KIND, SESSION_KIND
from relance.domains.sessions.models import DateAnswer, DateProposal, SessionClient, TrainingSession
from relance.domains.sessions.personal.repository import answers, clients, proposals, proposals_near, sessions

PERSONAL = (
    Holding(
        "session_clients",
        Text("Clients des sessions", "Clients of sessions"),
        SessionClient,
        clients,
        cleared={"answered_by": None, "comment": None},
        shown=("session_id", "company_id", "confirmation", "answered_at", "created_at"),
        asked=KIND,
    ),
    Holding(
        "session_clients_of_company",
        Text("Clients des sessions, de la société", "Clients of sessions, of the company"),
        SessionClient,
        lambda person: SessionClient.company_id == person.company_id,
        redacted=("comment",),
        shown=("created_at",),
        near=KIND,
    ),
    Holding(
        "date_proposals",
        Text("Propositions de dates", "Proposals of dates"),
        DateProposal,
        proposals,
        cleared={"recipient": "", "cc": [], "bcc": [], "subject": None, "body": None},
        shown=("created_at", "sent_at"),
    ),
    Holding(
        "date_proposals_of_company",
        Text("Propositions de dates à la société", "Proposals of dates to the company"),
        DateProposal,
        proposals_near,
        redacted=("cc", "bcc", "subject", "body"),
        shown=("created_at",),
    ),
    Holding(
        "date_answers",
        Text("Réponses aux dates", "Answers about dates"),
        DateAnswer,
        answers,
        cleared={"answered_by": "", "comment": None},
        shown=("decision", "answered_at"),
    ),
    Holding(
        "sessions",
        Text("Sessions de la société", "Sessions of the company"),
        TrainingSession,
        sessions,
        redacted=("title", "cancel_reason"),
        shown=("created_at",),
        near=SESSION_KIND,
    ),
)
