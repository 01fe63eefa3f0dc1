"""Which routes an address belongs to: where two templates fit it, the one that says more of it."""

import re
from collections.abc import Iterable, Sequence

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

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


def pass_over_strangers(app: FastAPI) -> None:
    """Let a request pass the routers that have nothing at its address, without asking each of their routes.

    FastAPI asks every route of every router in turn, twice for the one that answers: with some hundred operations that
    is a fifth of what a small request costs.
    """
    for included in app.router.routes:
        router = getattr(included, "original_router", None)
        if router is not None and all(isinstance(route, Route) for route in router.routes):
            _guard(included, tuple({_PARAMETER.split(route.path)[0] for route in router.routes}))


def _guard(route: BaseRoute, beginnings: tuple[str, ...]) -> None:
    asked = route.matches

    def matches(scope: Scope) -> tuple[Match, Scope]:
        path: str = scope.get("path", "")
        if not scope.get("root_path") and not path.startswith(beginnings):
            return Match.NONE, {}
        return asked(scope)

    # What an included router is, is FastAPI's own business; that it is asked by this name is Starlette's contract.
    vars(route)["matches"] = matches
