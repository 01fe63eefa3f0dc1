"""The routers of this domain, in the order in which addresses are looked for."""

from relance.domains.avant_vente.actions_router import router as actions
from relance.domains.avant_vente.bulk_router import router as bulk
from relance.domains.avant_vente.comments.router import router as comments
from relance.domains.avant_vente.opportunities.imports_router import router as imports
from relance.domains.avant_vente.opportunities.router import router as opportunities
from relance.domains.avant_vente.router import on_opportunities
from relance.domains.avant_vente.router import router as requests
from relance.domains.avant_vente.speakers.router import router as speakers
from relance.domains.avant_vente.types.router import router as types

routers = (bulk, requests, actions, comments, on_opportunities, imports, opportunities, speakers, types)
