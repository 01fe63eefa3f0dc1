"""A mail as bytes: what a client reads is what was meant, whatever the texts hold."""

from email import message_from_bytes
from email.policy import SMTP, compat32, default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.capabilities.messaging.errors import AddressRefused, HeaderRefused
from relance.capabilities.messaging.mime import Mailbox, ascii_address, header_text, mailbox, serialise, unstructured

_BASE = [("From", "a@b.example"), ("To", "c@d.example")]


@given(st.text())
def test_any_subject_comes_back_or_is_refused(subject: str) -> None:
    # What the product does with user text: controls become spaces in `mails`, `=?` is parted in `header_text`.
    clean = header_text("".join(char for char in subject if char.isprintable()))
    content = serialise([*_BASE, ("Subject", unstructured(clean))], "text", "<p>html</p>")
    parsed = message_from_bytes(content, policy=default)
    assert parsed["Subject"] == clean
    assert set(parsed.keys()) == {"From", "To", "Subject", "MIME-Version", "Content-Type"}
    assert max(len(line) for line in content.split(b"\r\n")) <= 998


_NAMES = st.sampled_from(["Subject", "X-A", "To", "From", "Sub ject", "X:", "", "é", "MIME-Version"])
_SCRAPS = st.sampled_from([*"abé :=?\r\n\t \x00\x0b\x7f\x85", "\r\n ", "\r\n", "\r\n\t", "\n ", "Bcc: x", "\u2028"])


@given(st.lists(st.tuples(_NAMES, st.lists(_SCRAPS, max_size=8).map("".join)), max_size=4))
def test_what_is_not_refused_is_read_by_everybody_alike(headers: list[tuple[str, str]]) -> None:
    """The grammar against Python's two parsers, for whatever might come to stand in a header."""
    try:
        content = serialise(headers, "text", "html")
    except HeaderRefused:
        return
    mime = [("MIME-Version", "1.0"), ("Content-Type", None)]
    for policy in (compat32, SMTP):
        parsed = message_from_bytes(content, policy=policy)
        assert not parsed.defects
        raw = [(name, str(value)) for name, value in parsed.raw_items()]
        assert [name for name, _ in raw] == [name for name, _ in [*headers, *mime]]
        for (_, found), (_, meant) in zip(raw, headers, strict=False):
            assert found.replace("\r\n", "\n").strip() == meant.replace("\r\n", "\n").strip()


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"])))
def test_any_body_comes_back(text: str) -> None:
    content = serialise(_BASE, text, text)
    parsed = message_from_bytes(content, policy=default)
    plain = parsed.get_body(("plain",))
    assert plain is not None
    expected = text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    assert plain.get_payload(decode=True) == expected


@pytest.mark.parametrize("value", ["a\r\nBcc: x@y.example", "a\nb", "a\x00b", "=?utf-8?q?=0ABcc:x?=", "\x7f"])
def test_what_no_header_may_hold_is_refused(value: str) -> None:
    with pytest.raises(HeaderRefused):
        unstructured(value)
    with pytest.raises(HeaderRefused):
        mailbox(Mailbox(value, "a@b.example"))


@pytest.mark.parametrize(
    "header",
    [("Subject", "a\r\nBcc: x@y.example"), ("Subject", "a\r\n\r\nbody"), ("Sub ject", "a"), ("Subject", "é")],
)
def test_bytes_that_parse_otherwise_are_refused(header: tuple[str, str]) -> None:
    with pytest.raises(HeaderRefused):
        serialise([*_BASE, header], "", "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "a@b.example"),
        ("Claire Petit", "Claire Petit <a@b.example>"),
        ('Durand, "SA" \\', '"Durand, \\"SA\\" \\\\" <a@b.example>'),
        ("a@b", '"a@b" <a@b.example>'),
    ],
)
def test_display_names_are_quoted(name: str, expected: str) -> None:
    assert mailbox(Mailbox(name, "a@b.example")) == expected


@pytest.mark.parametrize("address", ["", "a", "@b", "a b@c.example", "é@b.example", "a@b\r\nRCPT TO:<c@d>", "<a@b.c>"])
def test_addresses_that_smtp_cannot_write_are_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        ascii_address(address)


def test_the_same_mail_has_the_same_bytes() -> None:
    assert serialise(_BASE, "a", "b") == serialise(_BASE, "a", "b")
