"""Each defect of an issuer gives exactly one failing code."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from stand_in_issuer import (
    DISCOVERY,
    HOST,
    ISSUER,
    JWKS,
    KEY,
    Issuer,
    Page,
    config_for,
    document,
    key_set,
    look,
    page,
    server_context,
    serving,
)

from doctor.examination import Options
from doctor.runner import examined

_ENDED = threading.Event()


@pytest.fixture(autouse=True)
def _no_answer_outlasts_its_test() -> Iterator[None]:
    _ENDED.clear()
    yield
    _ENDED.set()


async def test_a_good_issuer_passes(tmp_path: Path) -> None:
    findings = await look(Issuer(), tmp_path)

    assert [f"{each.verdict} {each.code}" for each in findings] == [
        "skip names-resolves",
        "skip names-public",
        "pass tls-connect",
        "pass tls-version",
        "pass tls-chain",
        "pass tls-name",
        "pass tls-expiry",
        "pass tls-leaf-only",
        "pass tls-order",
        "pass tls-thumbprint",
        "pass discovery-readable",
        "pass discovery-issuer",
        "pass discovery-jwks-uri",
        "pass discovery-algorithms",
        "pass keys-usable",
        "pass keys-unique",
        "pass keys-count",
        "pass keys-private",
    ]


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Answer a byte at a time, so that no single read times out."""
    handler.send_response(200)
    handler.end_headers()
    while not _ENDED.wait(0.02):
        handler.wfile.write(b" ")


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    """Never finish the headers."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while not _ENDED.wait(0.02):
        handler.wfile.write(b"x")


def hundred_megabytes(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" " * 1024 * 1024)


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")


def babble(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"220 mail.example.com ESMTP\r\n")


def redirect(place: str) -> Page:
    return Page(b"", 302, {"Location": place})


HTML = Page(b"<!DOCTYPE html><title>Sign in</title>", 200, {"Content-Type": "text/html"})
BOMB = Page(
    gzip.compress(b" " * 10_000_000),
    200,
    {"Content-Type": "application/json", "Content-Encoding": "gzip"},
)
WITHOUT_KID = {name: value for name, value in KEY.as_dict(private=False).items() if name != "kid"}
ED25519 = {
    "kty": "OKP",
    "crv": "Ed25519",
    "kid": "x",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
MANY = [{**KEY.as_dict(private=False), "kid": str(number)} for number in range(101)]

DEFECTS = {
    "401": (Issuer(page({}, status=401)), "discovery-unauthorized"),
    "403": (Issuer(page({}, status=403)), "discovery-forbidden"),
    "403 for the keys alone": (Issuer(jwks=page({}, status=403)), "discovery-forbidden"),
    "404": (Issuer(page({}, status=404)), "discovery-not-found"),
    "500": (Issuer(page({}, status=500)), "discovery-status"),
    "a redirect to another host": (Issuer(redirect("https://a.test/")), "discovery-redirect"),
    "a redirect to http": (Issuer(redirect(f"http://{HOST}/")), "discovery-redirect"),
    "a redirect to itself": (Issuer(redirect(DISCOVERY)), "discovery-redirect"),
    "HTML": (Issuer(HTML), "discovery-html"),
    "HTML for the keys": (Issuer(jwks=HTML), "discovery-html"),
    "a slow body": (Issuer(drip, seconds=1.5), "discovery-slow"),
    "slow headers": (Issuer(drip_headers, seconds=1.5), "discovery-slow"),
    "100 MB": (Issuer(hundred_megabytes), "discovery-size"),
    "a gzip bomb": (Issuer(BOMB), "discovery-encoding"),
    "invalid JSON": (Issuer(Page(b'{"issuer": ')), "discovery-json"),
    "a JSON list": (Issuer(page([])), "discovery-json"),
    "a key twice": (Issuer(Page(b'{"issuer": "a", "issuer": "b"}')), "discovery-json"),
    "no UTF-8": (Issuer(Page(b'{"issuer": "\xff"}')), "discovery-json"),
    "half an answer": (Issuer(hang_up), "discovery-unreachable"),
    "another protocol": (Issuer(babble), "discovery-unreachable"),
    "another issuer": (Issuer(page(document(issuer="https://a.test"))), "discovery-issuer"),
    "a slash more": (Issuer(page(document(issuer=ISSUER + "/"))), "discovery-issuer"),
    "no issuer": (Issuer(page(document(issuer=None))), "discovery-issuer"),
    "keys on 6443": (
        Issuer(page(document(jwks_uri=f"https://{HOST}:6443{JWKS}"))),
        "discovery-jwks-uri",
    ),
    "keys over http": (
        Issuer(page(document(jwks_uri=f"http://{HOST}{JWKS}"))),
        "discovery-jwks-uri",
    ),
    "no jwks_uri": (Issuer(page(document(jwks_uri=None))), "discovery-jwks-uri"),
    "HS256": (
        Issuer(page(document(id_token_signing_alg_values_supported=["HS256"]))),
        "discovery-algorithms",
    ),
    "a duplicate kid": (
        Issuer(jwks=page(key_set(KEY.as_dict(private=False), KEY.as_dict(private=False)))),
        "keys-unique",
    ),
    "no kid": (Issuer(jwks=page(key_set(WITHOUT_KID))), "keys-unique"),
    "a private key": (Issuer(jwks=page(key_set(KEY.as_dict(private=True)))), "keys-private"),
    "no keys": (Issuer(jwks=page({"keys": []})), "keys-count"),
    "no list of keys": (Issuer(jwks=page({"keys": {}})), "keys-count"),
    "101 keys": (Issuer(jwks=page(key_set(*MANY))), "keys-count"),
    "a key on another curve": (Issuer(jwks=page(key_set(ED25519))), "keys-usable"),
    "a key of millions of bits": (
        Issuer(jwks=page(key_set({**KEY.as_dict(private=False), "n": "AQ" + "A" * 700_000}))),
        "keys-usable",
    ),
    "a key whose exponent is one": (
        Issuer(jwks=page(key_set({**KEY.as_dict(private=False), "e": "AQ"}))),
        "keys-usable",
    ),
    "a curve that is a list": (
        Issuer(jwks=page(key_set({"kty": "EC", "crv": ["P-256"], "kid": "x"}))),
        "keys-usable",
    ),
    "a leaf without its intermediate": (Issuer(tls="no intermediate"), "tls-leaf-only"),
    "an expired certificate": (Issuer(tls="expired"), "tls-expiry"),
    "a certificate for another name": (Issuer(tls="wrong name"), "tls-name"),
    "an unknown authority": (Issuer(tls="unknown"), "tls-chain"),
    "only TLS 1.3, and no thumbprint": (
        Issuer(tls="1.3 only", settings={"thumbprint": "omit"}),
        "tls-version",
    ),
    "a pinned thumbprint of another certificate": (
        Issuer(settings={"thumbprint": ["0" * 40]}),
        "tls-thumbprint",
    ),
    "no TLS": (Issuer(tls="none"), "tls-connect"),
}


@pytest.mark.parametrize(("issuer", "code"), DEFECTS.values(), ids=DEFECTS)
async def test_a_defect_gives_one_failing_code(issuer: Issuer, code: str, tmp_path: Path) -> None:
    findings = await look(issuer, tmp_path)

    assert [each.code for each in findings if each.verdict == "fail"] == [code]


@pytest.mark.parametrize(
    ("status", "code"), [(403, "discovery-forbidden"), (404, "discovery-not-found")]
)
async def test_a_bucket_that_refuses_is_no_matter_of_the_api_server(
    status: int, code: str, tmp_path: Path
) -> None:
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/0f3f1a7e"
    bucket = {"bucket": "issuer", "keys": ["sa.pub"], "acm_certificate_arn": certificate}
    settings: dict[str, object] = {"hosting": "s3", "s3": bucket}

    findings = await look(Issuer(page({}, status=status), settings=settings), tmp_path)

    assert [(each.code, each.cause, each.fix) for each in findings if each.verdict == "fail"] == [
        (
            code,
            "The object is not in the bucket (S3 answers 403 for that, too); or the bucket's "
            "policy is missing, or the account blocks public access to S3.",
            "Deploy the discovery stack. If AWS rejects its policy, allow a public bucket, "
            "or set a certificate for CloudFront (discovery.s3.acm_certificate_arn).",
        )
    ]


ODD_KEY = key_set(KEY.as_dict(private=False), ED25519)
WARNINGS = {
    "a certificate that expires soon": (Issuer(tls="expires soon"), ["tls-expiry"]),
    "a leaf that the authority signed, alone": (Issuer(tls="leaf only"), ["tls-leaf-only"]),
    "a chain out of order": (Issuer(tls="out of order"), ["tls-order"]),
    "only TLS 1.3": (Issuer(tls="1.3 only"), ["tls-version"]),
    "another content type": (
        Issuer(page(document(), headers={"Content-Type": "binary/octet-stream"})),
        ["discovery-content-type"],
    ),
    "an algorithm that AWS does not take, among others": (
        Issuer(page(document(id_token_signing_alg_values_supported=["RS256", "EdDSA"]))),
        ["discovery-algorithms"],
    ),
    "keys at another path": (
        Issuer(page(document(jwks_uri=f"{ISSUER}{JWKS}?copy"))),
        ["discovery-jwks-uri"],
    ),
    "a key that AWS cannot use, among others": (Issuer(jwks=page(ODD_KEY)), ["keys-usable"]),
}


@pytest.mark.parametrize(("issuer", "codes"), WARNINGS.values(), ids=WARNINGS)
async def test_what_works_and_is_not_right_gives_one_warning(
    issuer: Issuer, codes: list[str], tmp_path: Path
) -> None:
    findings = await look(issuer, tmp_path)

    assert [f"{each.verdict} {each.code}" for each in findings if each.verdict != "pass"] == [
        "skip names-resolves",
        "skip names-public",
        *(f"warn {code}" for code in codes),
    ]


async def test_keys_at_an_address_that_aws_cannot_reach_are_pointed_out(tmp_path: Path) -> None:
    findings = await look(Issuer(page(document(jwks_uri="https://127.0.0.1/keys"))), tmp_path)

    (finding,) = [each for each in findings if each.code == "discovery-jwks-uri"]
    assert (finding.verdict, finding.seen) == (
        "warn",
        "'https://127.0.0.1/keys' at 127.0.0.1 (loopback)",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "there is no such file. Check the name."),
        ("apiVersion: v1", "no certificate in it"),
    ],
)
async def test_a_file_of_authorities_that_cannot_be_read_is_named(
    text: str | None, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    if text:
        file.write_text(text)
    options = Options(ca_file=file, only=frozenset({"tls-chain"}))
    with serving({}, server_context("good", tmp_path)) as port:
        (finding,) = await examined(config_for(port), options)

    assert (finding.verdict, finding.seen) == ("fail", f"{file}: {reason}")
