"""Which routes an address belongs to: where two templates fit it, the one that says more of it."""

import re
from collections.abc import Iterable, Sequence

from fastapi import APIRouter
from starlette.routing import Route

_PARAMETER = re.compile(r"\{[^}]*\}")


def routes_of(routers: Iterable[APIRouter]) -> list[Route]:
    """Every route of `routers`."""
    return [route for router in routers for route in router.routes if isinstance(route, Route)]


def methods_of(routes: Iterable[Route]) -> set[str]:
    """Every method of `routes`."""
    return {method for route in routes for method in route.methods or ()}


def overlapped(route: Route, routes: Sequence[Route]) -> list[Route]:
    """Those of `routes` that take the addresses of `route` too and say less: `/r/{token}/{answer}` for `…/answers`."""
    own = _PARAMETER.sub("x", route.path)
    return [
        other
        for other in routes
        if other.path_regex.match(own) and not route.path_regex.match(_PARAMETER.sub("x", other.path))
    ]


def routes_at(path: str, routers: Iterable[APIRouter]) -> list[Route]:
    """The routes of the address `path`, without those that another one of them says more of."""
    found = [route for route in routes_of(routers) if route.path_regex.match(path)]
    return [route for route in found if not any(route in overlapped(other, found) for other in found)]
