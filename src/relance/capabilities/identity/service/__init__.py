"""Use cases of identity. The functions here also serve the demo, the command line and the tests."""

from relance.capabilities.identity.service.provisioning import (
    create_api_key,
    create_organisation,
    create_user,
    create_workspace,
    synchronise_roles,
)

__all__ = ["create_api_key", "create_organisation", "create_user", "create_workspace", "synchronise_roles"]
