"""Passwords: what is too easy to guess, and Argon2id hashes, in threads of their own."""

import asyncio
import re
import unicodedata
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from zxcvbn import zxcvbn

from relance.core.errors import ValidationFailed
from relance.core.i18n import Text

#: Each hash takes 64 MiB for about 50 ms: more at once would only take memory.
_THREADS = 2

#: Fewer guesses than ten to this power, as zxcvbn estimates them, are too few.
_LEAST_GUESSES = 9
#: zxcvbn reads no further; what is longer is at least as hard to guess as its beginning.
_READ = 72
#: French words that its lists lack.
_FRENCH = ("motdepasse", "azertyuiop", "qsdfghjklm", "administrateur", "bienvenue", "entreprise", "relance", "bonjour")
_TOO_COMMON = Text(
    "Ce mot de passe est trop facile à deviner : ajoutez des mots sans rapport entre eux.",
    "This password is too easy to guess: add words that have nothing to do with each other.",
)
_PERSONAL = Text(
    "Ce mot de passe tient surtout à votre nom ou à votre adresse : choisissez-en un autre.",
    "This password is mostly your name or your address: choose another.",
)

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


async def require_strong(password: str, pointer: str, about: Collection[str]) -> None:
    """Refuse what an attacker tries first.

    Args:
        password: in clear.
        pointer: where it stands in the payload.
        about: the name and the address of its owner, which are guessed first of all.

    Raises:
        ValidationFailed: it is common (`password_too_common`), or made of its owner's name (`password_personal`).
    """
    loop = asyncio.get_running_loop()
    code = await loop.run_in_executor(_executor(), _weakness, password, _parts(about))
    if code is not None:
        raise ValidationFailed.at(pointer, code, _PERSONAL if code == "password_personal" else _TOO_COMMON)


def _weakness(password: str, personal: frozenset[str]) -> str | None:
    found = zxcvbn(_folded(password)[:_READ], user_inputs=[*personal, *_FRENCH])
    if float(found["guesses_log10"]) >= _LEAST_GUESSES:
        return None
    matched = {part.get("matched_word") for part in found["sequence"] if part.get("dictionary_name") == "user_inputs"}
    return "password_personal" if matched & personal else "password_too_common"


def _parts(about: Collection[str]) -> frozenset[str]:
    """The words of somebody's name and address, whole and one by one."""
    folded = [_folded(text) for text in about]
    words = [word for text in folded for word in re.split(r"[^0-9a-z]+", text)]
    return frozenset(word for word in [*folded, *words] if len(word) >= 3)


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).lower()
