"""No way to a judge: a name nobody knows, a closed port, a certificate nobody vouches for; each is told in a short sentence."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import logging
import socket
import ssl
from pathlib import Path

import pytest
from fake_endpoint import serving
from pydantic import BaseModel

from workbench.answers.judge import Judge, JudgeFailed, Key
from workbench.records import JudgeSettings

pytestmark = pytest.mark.local_network
SECRET = "sk-recognisable-0123456789"
PROMPT = "Reply in JSON about the confidential merger."


class Verdict(BaseModel):
    verdict: int
    reason: str


async def at_once(_seconds):
    return None


def judge_of(url):
    return Judge(JudgeSettings(url=url, model="m", timeout=5.0, attempts=3), Key(SECRET, "a test"), None, sleep=at_once)


@pytest.fixture
def without_proxy(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")


def verdict_of(url):
    async def run():
        async with judge_of(url) as judge:
            return (await judge.ask(PROMPT, Verdict)).verdict

    return asyncio.run(run())


def reason_of(url, caplog):
    """Why a judge gave nothing: short, and without key or question wherever it is told."""
    caplog.set_level(logging.DEBUG)

    async def run():
        async with judge_of(url) as judge:
            try:
                await judge.ask(PROMPT, Verdict)
            except JudgeFailed as error:
                assert (error.__cause__, error.__context__) == (None, None)
                return error.reason
            return ""

    reason = asyncio.run(run())
    assert 0 < len(reason) < 130
    assert "\n" not in reason
    for secret in (SECRET, "merger"):
        assert secret not in reason + caplog.text
    return reason


def test_a_host_whose_name_is_not_known(caplog, monkeypatch, without_proxy):
    asked, resolve = [], socket.getaddrinfo

    def nowhere(host, *more, **options):
        name = host.decode() if isinstance(host, bytes) else host
        if not str(name).endswith(".invalid"):
            return resolve(host, *more, **options)
        asked.append(name)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    reason = reason_of("https://judge.invalid/v1", caplog)
    assert reason == "the name of the endpoint's host is not known after 3 attempts"
    assert asked == ["judge.invalid"] * 3


def test_a_port_nobody_listens_at(caplog):
    with socket.socket() as taken_for_a_moment:
        taken_for_a_moment.bind(("127.0.0.1", 0))
        port = taken_for_a_moment.getsockname()[1]
    reason = reason_of(f"http://127.0.0.1:{port}/v1", caplog)
    assert reason == "nothing listens at the address of the endpoint after 3 attempts"


def test_https_to_an_endpoint_that_speaks_http(caplog):
    with serving() as endpoint:
        reason = reason_of(endpoint.url.replace("http:", "https:"), caplog)
    assert reason == "no secure connection to the endpoint; check whether the address begins with http or https"


def test_http_to_an_endpoint_that_speaks_https(caplog, certificate):
    with serving(tls=certificate[0]) as endpoint:
        reason = reason_of(endpoint.url.replace("https:", "http:"), caplog)
    assert reason == "the connection to the endpoint broke after 3 attempts"


def test_a_certificate_nobody_vouches_for(caplog, certificate):
    with serving(tls=certificate[0]) as endpoint:
        reason = reason_of(endpoint.url, caplog)
    assert reason == "the certificate of the endpoint is not trusted; name your company's authority in SSL_CERT_FILE"
    assert endpoint.calls == 0


def test_a_certificate_named_in_ssl_cert_file_is_trusted_on_this_machine_too(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    with serving(tls=certificate[0]) as endpoint:
        assert verdict_of(endpoint.url) == 1


def test_a_file_of_certificates_that_is_missing_is_named(caplog, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    assert (
        reason_of("https://127.0.0.1:9/v1", caplog) == "the file of certificates named in SSL_CERT_FILE cannot be read"
    )


def test_without_https_no_certificates_are_read(tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with serving() as endpoint:
        assert verdict_of(endpoint.url) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[ssl.SSLContext, Path]:
    """A server's side of https under a certificate it signed itself for 127.0.0.1, and the file that holds it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "judge of a test")])
    today = datetime.datetime.now(datetime.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    public, private = folder / "judge.pem", folder / "judge.key"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(*form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public
