"""Reading delivery reports, the hostile ones included."""

import time
from uuid import UUID

import pytest
from tests.messages.conftest import ADDRESS, dsn

from relance.capabilities.messaging.reports.parsing import RecipientReport, Verdict, read_report
from relance.capabilities.messaging.reports.service import decisive

ID = UUID("019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10")
OURS = f"{ID.hex}@relance.example"


def test_a_status_notification() -> None:
    report = read_report(dsn(OURS))
    assert report is not None
    assert (report.message_id, report.domain) == (ID, "relance.example")
    (found,) = report.recipients
    assert (found.verdict, found.status, found.code) == (Verdict.FAILED, "5.1.1", 550)
    assert found.addresses == {ADDRESS}
    assert "Recipient address rejected" in found.words


@pytest.mark.parametrize(
    ("action", "verdict"),
    [("delayed", Verdict.DELAYED), ("relayed", Verdict.PASSED_ON), ("Failed (expired)", Verdict.FAILED)],
)
def test_what_it_says(action: str, verdict: Verdict) -> None:
    report = read_report(dsn(OURS, action=action))
    assert report is not None
    assert report.recipients[0].verdict is verdict


def test_headers_alone_are_returned() -> None:
    raw = dsn(OURS).replace(b"Content-Type: message/rfc822\r\n\r\n", b"Content-Type: text/rfc822-headers\r\n\r\n")
    report = read_report(raw)
    assert report is not None
    assert report.message_id == ID


def test_the_words_of_an_older_system() -> None:
    raw = f"""From: MAILER-DAEMON@old.example
Subject: failure notice

Hi. This is the qmail-send program at old.example.
<{ADDRESS}>:
192.0.2.7 does not like recipient.
Remote host said: 550 5.1.1 User unknown

--- Below this line is a copy of the message.

Message-ID: <{OURS}>
Subject: x
""".encode()
    report = read_report(raw)
    assert report is not None
    (found,) = report.recipients
    assert (found.verdict, found.status, found.code) == (Verdict.FAILED, "5.1.1", 550)


def test_an_absence_notice_is_no_bounce() -> None:
    raw = f"""From: Camille <{ADDRESS}>
Auto-Submitted: auto-replied
In-Reply-To: <{OURS}>
Subject: Absente

Je suis absente. Appelez le 550 5.1.1 en cas d'urgence.
Message-ID: <{OURS}>
""".encode()
    assert read_report(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 1000,
        dsn("someone-else@relance.example"),
        dsn(OURS).replace(b"Action:", b"X:"),
        dsn(OURS).replace(b"charset=us-ascii", b"charset=no-such-charset")[:300],
        b"Content-Type: multipart/report; boundary=\xff\xfe\r\n\r\n--\xff",
        b"Content-Type: multipart/report; boundary*0=\"a\"; boundary*1*=utf-8''%ff\r\n\r\n--a\r\n",
        b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n",
    ],
)
def test_what_is_no_report_is_none(raw: bytes) -> None:
    assert read_report(raw) is None


def test_unknown_charsets_and_broken_encodings_do_not_hide_the_report() -> None:
    raw = dsn(OURS).replace(
        b"Content-Type: text/plain; charset=us-ascii",
        b"Content-Type: text/plain; charset=klingon\r\nContent-Transfer-Encoding: base64",
    )
    assert read_report(raw) is not None


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" * 200_000,
        b"Content-Type: message/rfc822\r\n\r\n" * 300_000,
        b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n" + b"\n" * 10_000_000,
        b"A: b\r\n" * 1_700_000,
    ],
)
def test_ten_megabytes_of_nothing_are_cheap(raw: bytes) -> None:
    started = time.process_time()
    assert read_report(raw) is None
    assert time.process_time() - started < 3


def _about(verdict: Verdict, *addresses: str) -> RecipientReport:
    return RecipientReport(verdict, None, None, "", frozenset(addresses))


def test_what_counts_of_several_recipients() -> None:
    failed, relayed = _about(Verdict.FAILED, "x@elsewhere.example"), _about(Verdict.PASSED_ON, "y@elsewhere.example")
    own = _about(Verdict.FAILED, ADDRESS)
    assert decisive([relayed, own], ADDRESS) is own
    assert decisive([failed, relayed], ADDRESS) is relayed, "a list of which one member failed was reached"
    assert decisive([failed], ADDRESS) is failed
