"""The routers of profiles and of what is made and sent of them."""

from fastapi import APIRouter

from relance.domains.crm_toolbox.export_templates.router import router as export_templates
from relance.domains.crm_toolbox.profiles.router import router as profiles
from relance.domains.crm_toolbox.sendings.router import router as sendings

routers: tuple[APIRouter, ...] = (profiles, export_templates, sendings)
