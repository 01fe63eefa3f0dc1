"""Where webhooks may not go: addresses of the inside, redirects, endless answers."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.plugins.product import Product
from tests.webhooks.conftest import Line
from tests.webhooks.receiver import Received, Receiver, answering

from relance.capabilities.webhooks.deliveries.addresses import Addresses, AddressRefused, is_public
from relance.capabilities.webhooks.deliveries.conversation import Conversations
from relance.capabilities.webhooks.deliveries.deliverer import WebhookDeliverer
from relance.wiring import EVENT_TYPES

INSIDE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:a00:1::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
OUTSIDE = "8.8.8.8 93.184.216.34 172.32.0.1 100.128.0.1 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1"


def test_the_inside_is_told_from_the_outside() -> None:
    assert [one for one in INSIDE if is_public(ip_address(one))] == []
    assert [one for one in OUTSIDE.split() if not is_public(ip_address(one))] == []


@pytest.fixture
def strict(product: Product) -> Iterator[Product]:
    """The product as in production: private addresses are refused."""
    allowed = product.runtime.settings
    product.runtime.settings = allowed.model_copy(update={"webhook_allow_private": False})
    yield product
    product.runtime.settings = allowed


async def test_an_endpoint_inside_is_refused_when_it_is_saved(strict: Product) -> None:
    office = await strict.office("vasseur")
    codes = {}
    for url in (
        "http://93.184.216.34/hook",
        "https://127.0.0.1/hook",
        "https://2130706433/hook",
        "https://0x7f.1/hook",
        "https://[::ffff:169.254.169.254]/latest",
        "https://localhost:8443/",
        "https://user:secret@93.184.216.34/",
        "https://93.184.216.34/#part",
        "file:///etc/passwd",
        "https://",
        "nonsense:nonsense",
    ):
        answer = await office.admin.post("/v1/webhook-endpoints", {"url": url})
        assert answer.status_code == 422, (url, answer.text)
        codes[url] = answer.json()["errors"][0]["code"]
    assert next(iter(codes.values())) == "webhook_url_scheme"
    assert list(codes.values())[1:6] == ["webhook_url_private"] * 5
    made = await office.admin.post("/v1/webhook-endpoints", {"url": "https://93.184.216.34/hook"})
    assert made.status_code == 201
    path = made.headers["Location"]
    moved = await office.admin.ask("PATCH", path, json={"url": "https://10.0.0.1/"})
    assert moved.json()["errors"][0]["code"] == "webhook_url_private"
    unknown = await office.admin.ask("PATCH", path, json={"types": ["invitation.eaten"]})
    assert unknown.json()["errors"][0]["code"] == "unknown_event_type"
    assert (await strict.rows("SELECT url, types FROM webhook_endpoints")) == [
        {"url": "https://93.184.216.34/hook", "types": []}
    ]


async def test_a_name_that_leads_inside_later_is_refused_at_the_delivery(line: Line, strict: Product) -> None:
    """DNS rebinding: the endpoint was saved when its address was in order; now it is not."""
    await line.invite()
    await line.product.sequencer.sweep()
    deliverer = WebhookDeliverer(strict.runtime, EVENT_TYPES)
    await deliverer.sweep()
    await deliverer.close()
    assert line.receiver.connections == 0
    assert {one["reason"] for one in await line.deliveries()} == {"address_refused"}


async def test_one_address_inside_is_enough_to_refuse_a_name() -> None:
    with pytest.raises(AddressRefused):
        await Addresses(allow_private=False).resolve("localhost", 443, 2)


@pytest.fixture
async def conversations() -> AsyncIterator[Conversations]:
    """Impatient ones."""
    made = Conversations(connections=2, seconds=0.3, addresses=Addresses(allow_private=True))
    yield made
    await made.close()


async def test_redirects_are_not_followed(receiver: Receiver, conversations: Conversations) -> None:
    receiver.rule = answering(302, location=receiver.url)
    answer = await conversations.post(receiver.url, b"{}", {"webhook-id": "1"})
    assert (answer.reason, answer.status, answer.headers["location"]) == ("redirect", 302, receiver.url)
    assert receiver.connections == 1


async def test_answers_are_bounded_in_time_and_size(receiver: Receiver, conversations: Conversations) -> None:
    receiver.rule = answering(200, b"x" * 5_000_000)
    answer = await conversations.post(receiver.url, b"{}", {"webhook-id": "1"})
    assert (answer.reason, len(answer.body or "")) == (None, 2048)
    receiver.delay = 5
    answer = await conversations.post(receiver.url, b"{}", {"webhook-id": "1"})
    assert answer.reason == "timeout"
    assert answer.milliseconds < 2_000
    await receiver.stop()
    nobody = await conversations.post("http://127.0.0.1:1/", b"{}", {})
    nowhere = await conversations.post("http://nowhere.invalid/", b"{}", {})
    assert (nobody.reason, nowhere.reason) == ("connection", "unresolvable")


def certificate(name: str, folder: Path) -> Path:
    """A key and a certificate of its own authority for `name`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


async def test_tls_is_checked_against_the_name_and_not_the_address(receiver: Receiver, tmp_path: Path) -> None:
    await receiver.stop()
    pem = certificate("localhost", tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    names: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: names.append(name)
    hosts: list[str] = []

    def note(received: Received) -> tuple[int, dict[str, str], bytes]:
        hosts.append(received.headers["host"])
        return 204, {}, b""

    receiver.rule, receiver.port = note, 0
    await receiver.start(ssl=server, family=0)
    trusting = Conversations(
        connections=1,
        seconds=2,
        addresses=Addresses(allow_private=True),
        trust=ssl.create_default_context(cafile=str(pem)),
    )
    distrusting = Conversations(connections=1, seconds=2, addresses=Addresses(allow_private=True))
    url = f"https://localhost:{receiver.port}/"
    good, bad = await trusting.post(url, b"{}", {"webhook-id": "1"}), await distrusting.post(url, b"{}", {})
    wrong_name = await trusting.post(f"https://127.0.0.1:{receiver.port}/", b"{}", {})
    await asyncio.gather(trusting.close(), distrusting.close())
    assert (good.reason, bad.reason, wrong_name.reason) == (None, "tls", "tls")
    assert names[0] == "localhost"
    assert hosts == [f"localhost:{receiver.port}"]
