"""Password hashes: Argon2id, in threads of their own, with the same work for unknown users."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

#: Each hash takes 64 MiB for about 50 ms: more at once would only take memory.
_THREADS = 2

_hasher = PasswordHash((Argon2Hasher(),))


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="passwords")


@cache
def _dummy_hash() -> str:
    return _hasher.hash("the password of nobody")


async def hash_password(password: str) -> str:
    """The Argon2id hash of `password`, with its salt and parameters."""
    return await asyncio.get_running_loop().run_in_executor(_executor(), _hasher.hash, password)


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether `password` is the one behind `password_hash`.

    None takes as long as a real hash and never holds, so that the time of an answer does not tell which
    addresses have an account.
    """
    return await asyncio.get_running_loop().run_in_executor(_executor(), _verify, password, password_hash)


def _verify(password: str, password_hash: str | None) -> bool:
    held = _hasher.verify(password, password_hash or _dummy_hash())
    return held and password_hash is not None
