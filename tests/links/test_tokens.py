"""Tokens: one canonical form, nothing forged, secrets that rotate."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from relance.capabilities.links.tokens import TOKEN_LENGTH, LinkTokens
from relance.core.keys import KeyRing

OLD, NEW, OTHER = "old-secret", "new-secret", "other-secret"
TOKENS = LinkTokens(KeyRing([NEW]))
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

ids = st.uuids()


@given(ids)
def test_a_token_names_its_link(link_id: UUID) -> None:
    token = TOKENS.mint(link_id)
    assert TOKENS.verify(token) == link_id
    assert token == TOKENS.mint(link_id)
    assert len(token) == TOKEN_LENGTH == 45
    assert set(token) <= {*ALPHABET, "."}


@given(ids, st.integers(0, TOKEN_LENGTH - 1), st.characters())
def test_no_other_character_anywhere_passes(link_id: UUID, place: int, char: str) -> None:
    token = TOKENS.mint(link_id)
    changed = token[:place] + char + token[place + 1 :]
    assert TOKENS.verify(changed) == (link_id if changed == token else None)


@given(ids, st.integers(0, 255))
def test_no_flipped_bit_of_the_mac_passes(link_id: UUID, bit: int) -> None:
    from relance.core.ids import base62_decode, base62_encode

    head, _, tail = TOKENS.mint(link_id).partition(".")
    side, place = divmod(bit, 128)
    parts = [base62_decode(head, 16), base62_decode(tail, 16)]
    found = parts[side]
    assert found is not None
    parts[side] = (int.from_bytes(found) ^ (1 << place)).to_bytes(16)
    forged = ".".join(base62_encode(part) for part in parts if part is not None)
    assert TOKENS.verify(forged) is None


@given(ids)
def test_secrets_rotate(link_id: UUID) -> None:
    before = LinkTokens(KeyRing([OLD]))
    during = LinkTokens(KeyRing([NEW, OLD]))
    after = LinkTokens(KeyRing([NEW]))
    old_token = before.mint(link_id)
    assert during.verify(old_token) == link_id
    assert during.mint(link_id) == after.mint(link_id) != old_token
    assert after.verify(old_token) is None
    assert LinkTokens(KeyRing([OTHER])).verify(old_token) is None


@given(st.text(max_size=200))
def test_anything_else_is_no_token(text: str) -> None:
    assert TOKENS.verify(text) is None


@given(ids, st.text(min_size=1, max_size=3))
def test_a_token_with_more_or_less_is_none(link_id: UUID, more: str) -> None:
    token = TOKENS.mint(link_id)
    for changed in (token + more, more + token, token[:-1], token[1:], token.replace(".", ""), token.swapcase()):
        assert TOKENS.verify(changed) is None


def test_a_number_above_sixteen_bytes_has_no_second_spelling() -> None:
    head, _, tail = TOKENS.mint(UUID(int=5)).partition(".")
    assert TOKENS.verify("z" * 22 + "." + tail) is None
    assert TOKENS.verify(head + "." + "z" * 22) is None
