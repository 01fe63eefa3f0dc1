"""Every list that can leave as a file: its routes, its job, and each of its orders, found in the contract."""

from tests.contract.contract import all_operations, resolved
from tests.contract.world import World

from relance.wiring import EXPORTS


async def test_every_list_that_leaves_as_a_file_does_so_in_each_of_its_orders(world: World) -> None:
    offered = {one.id: one for one in all_operations() if one.path.endswith(("/exports", "/export.csv"))}
    wired = {f"{export.resource}_export{end}" for export in EXPORTS for end in ("", "_csv")}
    assert set(offered) == wired, "add_export_routes without its line in wiring.EXPORTS, or the other way round"
    for operation in offered.values():
        if operation.method == "get":
            for sort in resolved(operation.parameters("query")["sort"])["enum"]:
                found = await world.admin.get(f"{operation.path}?sort={sort}")
                assert (found.status_code, found.content[:3]) == (200, b"\xef\xbb\xbf"), (operation.id, sort)
