"""HTTP of the directory's exports."""

from fastapi import APIRouter

from relance.capabilities.exports.routes import add_export_routes
from relance.core.http import StrictRoute
from relance.domains.crm_toolbox.exports.transfers import COMPANY_EXPORT, CONTACT_EXPORT

contacts = APIRouter(prefix="/v1/contacts", tags=["contacts"], route_class=StrictRoute)
companies = APIRouter(prefix="/v1/companies", tags=["companies"], route_class=StrictRoute)
add_export_routes(contacts, CONTACT_EXPORT)
add_export_routes(companies, COMPANY_EXPORT)

routers: tuple[APIRouter, ...] = (contacts, companies)
