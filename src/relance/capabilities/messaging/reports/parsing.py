"""A delivery report from bytes. Pure, and made for hostile ones: what cannot be read is no report, never an error.

Two kinds are read: multipart/report (RFC 3464, RFC 6533), and the bounces of older systems, which are plain words with
our headers somewhere below them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from email.policy import compat32
from enum import StrEnum
from uuid import UUID

#: What follows is the returned mail, of which only the headers matter.
READ_BYTES = 256 * 1024
#: The parser tries each line against every enclosing boundary: a mail of boundaries alone would take minutes.
_DEEPEST = 12
_MOST_RECIPIENTS = 50
_CONTAINER = re.compile(rb"(?i)content-type:[ \t\r\n]{0,8}(?:multipart|message)/")
_OURS = re.compile(r"<?([0-9a-f]{32})@([A-Za-z0-9.\-\[\]:]{1,255})>?")
_OUR_FIELD = re.compile(r"(?im)^[> \t]{0,8}message-id:\s{0,8}<([0-9a-f]{32})@([A-Za-z0-9.\-\[\]:]{1,255})>")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<!\d)([245]\d\d)(?=[ \-])")
_SYSTEMS = ("mailer-daemon", "postmaster", "mail-daemon", "maildaemon")


class Verdict(StrEnum):
    """What a report says about one recipient."""

    FAILED = "failed"
    DELAYED = "delayed"
    #: `delivered`, `relayed`, `expanded`: the relay had it.
    PASSED_ON = "passed_on"


_ACTIONS = {
    "failed": Verdict.FAILED,
    "delayed": Verdict.DELAYED,
    "delivered": Verdict.PASSED_ON,
    "relayed": Verdict.PASSED_ON,
    "expanded": Verdict.PASSED_ON,
}


@dataclass(frozen=True, slots=True)
class RecipientReport:
    """What became of the mail for one address."""

    verdict: Verdict
    #: Enhanced status code, "5.1.1"; None where there is none.
    status: str | None
    #: SMTP reply code of the system that refused it.
    code: int | None
    words: str
    #: The addresses it is about, in lower case; empty where it names none.
    addresses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Report:
    """A report about one mail of ours."""

    message_id: UUID
    #: The domain of the Message-ID, as it was returned.
    domain: str
    recipients: Sequence[RecipientReport]


def read_report(raw: bytes) -> Report | None:
    """The report in `raw`; None where it is none, names no mail of ours, or cannot be read."""
    raw = raw[:READ_BYTES]
    if len(_CONTAINER.findall(raw)) > _DEEPEST:
        return None
    try:
        return _read(message_from_bytes(raw, policy=compat32))
    except Exception:
        # The parts of hostile mails fail in ways that no list of exceptions covers; a report that cannot be read
        # is worth no more than one that never came.
        return None


def _read(mail: Message) -> Report | None:
    parts = list(mail.walk())
    recipients = [found for part in parts if _is_status(part) for found in _recipients(part)][:_MOST_RECIPIENTS]
    named = next((found for part in parts[1:] if (found := _returned_id(part))), None)
    if not recipients:
        words = "\n".join(_words(part) for part in parts if part.get_content_maintype() == "text")
        bounce = _plain(mail, words)
        recipients = [bounce] if bounce is not None else []
        named = named or _id_in(words)
    if named is None or not recipients:
        return None
    return Report(UUID(named[0]), named[1].lower(), recipients)


def _is_status(part: Message) -> bool:
    return part.get_content_type() in {"message/delivery-status", "message/global-delivery-status"}


def _recipients(part: Message) -> Iterator[RecipientReport]:
    for fields in _blocks(part):
        verdict = _ACTIONS.get(_field(fields, "Action").partition(" ")[0].lower())
        if verdict is None:
            continue
        words = _field(fields, "Diagnostic-Code").partition(";")[2].strip() or _field(fields, "Status")
        status = _STATUS.search(_field(fields, "Status")) or _STATUS.search(words)
        code = _CODE.search(f"{words} ")
        addresses = (_field(fields, name).rpartition(";")[2] for name in ("Original-Recipient", "Final-Recipient"))
        yield RecipientReport(
            verdict,
            status.group(0) if status else None,
            int(code.group(1)) if code else None,
            words,
            frozenset(address.strip().strip("<>").lower() for address in addresses if address.strip()),
        )


def _blocks(part: Message) -> Iterator[Message]:
    """The groups of fields of a status part; the parser makes a mail of each, or of the first alone."""
    payload = part.get_payload()
    for block in payload if isinstance(payload, list) else [payload]:
        if isinstance(block, Message):
            yield block
            block = block.get_payload()
        if isinstance(block, str):
            yield from (message_from_string(text) for text in re.split(r"\r?\n\r?\n", block) if text.strip())


def _field(fields: Message, name: str) -> str:
    return " ".join(str(fields.get(name, "")).split())


def _returned_id(part: Message) -> tuple[str, str] | None:
    """The Message-ID of a returned mail, or of its headers alone."""
    kind = part.get_content_type()
    if kind in {"text/rfc822-headers", "message/global-headers"}:
        return _id_in(_words(part))
    found = _OURS.fullmatch(_field(part, "Message-ID"))
    return (found.group(1), found.group(2)) if found else None


def _id_in(words: str) -> tuple[str, str] | None:
    found = _OUR_FIELD.search(words)
    return (found.group(1), found.group(2)) if found else None


def _plain(mail: Message, words: str) -> RecipientReport | None:
    """The bounce of an older system. An absence notice quotes our Message-ID too: only a mail system's word counts."""
    failed = _field(mail, "X-Failed-Recipients").lower()
    sender = _field(mail, "From").lower()
    if not failed and not any(name in sender for name in _SYSTEMS):
        return None
    status, code = _STATUS.search(words), _CODE.search(words)
    grade = status.group(1) if status else code.group(1)[0] if code else ""
    verdict = Verdict.FAILED if failed or grade == "5" else Verdict.DELAYED if grade == "4" else None
    if verdict is None:
        return None
    line = next((line.strip() for line in words.splitlines() if (status or code) and _says(line)), failed or "bounce")
    return RecipientReport(
        verdict,
        status.group(0) if status else None,
        int(code.group(1)) if code else None,
        line,
        frozenset(address.strip() for address in failed.split(",") if address.strip()),
    )


def _says(line: str) -> bool:
    return bool(_STATUS.search(line) or _CODE.search(line))


def _words(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload.decode("utf-8", "replace")
    below = part.get_payload()
    blocks = [block for block in below if isinstance(block, Message)] if isinstance(below, list) else []
    return "".join(f"{name}: {value}\n" for block in blocks for name, value in block.items())
