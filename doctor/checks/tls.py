"""The layer `tls`: how the issuer's address proves who it is, here and to AWS."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import certifi

from doctor.checks import cluster
from doctor.examination import Check, Examination, Missing
from doctor.finding import Finding, Rule
from doctor.live.https import Presented, ServerAddress, present, proxy_for
from federation import named_files
from federation.errors import UserError
from federation.keys import certificates
from federation.keys.certificates import CertificateChain
from formats.escaping import listed, quoted

_LAYER = "tls"

CONNECT = Rule(
    "tls-connect",
    _LAYER,
    "The issuer's address speaks TLS",
    "AWS connects to port 443 of the issuer's host. The doctor connects to discovery.endpoint "
    "if it is configured, and through the proxy in HTTPS_PROXY, unless NO_PROXY has the host.",
    "Nothing listens there, a firewall drops the connection, or the server does not speak TLS.",
    "Check the load balancer and the security groups in front of the API server: port 443 must "
    "lead to it.",
)
CHAIN = Rule(
    "tls-chain",
    _LAYER,
    "The issuer's certificate can be verified",
    "AWS verifies the certificate against its own list of public authorities first; if that "
    "fails, against the thumbprints of the OIDC provider (IAM user guide, 'Obtain the "
    "thumbprint for an OpenID Connect identity provider').",
    "A private authority, such as the cluster's own, issued the certificate, and this machine "
    "does not know it; or a proxy terminates TLS and presents its own certificate.",
    "Pass the authority's certificate with --ca-file (for a kubeadm cluster it is "
    "/etc/kubernetes/pki/ca.crt).",
)

NAME = Rule(
    "tls-name",
    _LAYER,
    "The certificate is for the issuer's host",
    "The issuer's host must be among the DNS names of the certificate (RFC 6125).",
    "The API server's certificate was issued for other names, or the address points to another "
    "server.",
    "Add the issuer's host to the certificate (kubeadm: apiServer.certSANs, then 'kubeadm init "
    "phase certs apiserver' on each control plane node).",
)
EXPIRY = Rule(
    "tls-expiry",
    _LAYER,
    "No presented certificate has expired or will expire soon",
    "AWS rejects an expired certificate, and a renewed one may have another thumbprint.",
    "The certificate was not renewed: kubeadm's are valid for a year and are renewed by an "
    "upgrade.",
    "Renew it ('kubeadm certs renew apiserver') and restart what serves it.",
)
LEAF_ONLY = Rule(
    "tls-leaf-only",
    _LAYER,
    "The server presents its chain, not only its own certificate",
    "Terraform's tls_certificate, and IAM itself, pin the top of the presented chain. If that "
    "is the leaf, the pin breaks when the certificate is renewed. If an intermediate authority "
    "is missing, the leaf cannot be verified.",
    "The served file holds only the server's certificate, as kubeadm creates it.",
    "Append the authorities' certificates to the served file (--tls-cert-file), and deploy the "
    "identity stack again.",
)
ORDER = Rule(
    "tls-order",
    _LAYER,
    "Each presented certificate is signed by the next one",
    "The server's own certificate comes first, and each following one certifies the one before "
    "it (RFC 5246, 7.4.2; TLS 1.3 is less strict). Terraform's tls_certificate, and IAM itself, "
    "take the last one as the top.",
    "The certificates in the served file are in another order, or one of them belongs to "
    "another chain.",
    "Write the file again (--tls-cert-file): the server's certificate, the intermediate one "
    "that signed it, and so on. Then deploy the identity stack again.",
)
VERSION = Rule(
    "tls-version",
    _LAYER,
    "The server does not require TLS 1.3",
    "If TLS 1.3 is required, AWS cannot verify the certificate with its own list and falls back "
    "to the thumbprints of the OIDC provider (IAM user guide, 'Obtain the thumbprint for an "
    "OpenID Connect identity provider').",
    "The minimum version is 1.3 (--tls-min-version=VersionTLS13, or at the load balancer).",
    "Allow TLS 1.2 too; or pin the thumbprint ('thumbprint: endpoint', or a list) and watch the "
    "renewals.",
)
THUMBPRINT = Rule(
    "tls-thumbprint",
    _LAYER,
    "The configured thumbprint matches the presented chain",
    "A thumbprint is the SHA-1 of a presented certificate. Terraform's tls_certificate takes "
    "the top of the chain, and so does IAM itself ('thumbprint: omit'). AWS uses it if no "
    "public authority issued the certificate, or if TLS 1.3 is required. A pin on an authority "
    "survives a renewal of the server's certificate; a pin on that certificate does not.",
    "The pinned list is older than the certificates that are served now.",
    "Pin the thumbprint of an authority in the presented chain, or write 'thumbprint: endpoint'.",
)

SOON = datetime.timedelta(days=30)
"""A certificate that ends within this time is worth a warning; within a fifth of its life, where
that is shorter, since short-lived ones are renewed late."""


@dataclass(frozen=True)
class TrustAnchor:
    """What the issuer's certificate is verified with.

    Attributes:
        context: For connections.
        is_public: Whether a public authority is enough (those of Mozilla, as in certifi).
        source: Where the authority comes from, in words.
    """

    context: ssl.SSLContext
    is_public: bool
    source: str


def issuer_address(examination: Examination) -> ServerAddress:
    """Where the issuer's documents are read, under the issuer's own name."""
    host, port = examination.config.discovery_address
    return ServerAddress(host, port, examination.config.issuer_host)


async def presented(examination: Examination) -> Presented:
    """What is presented, and by whom it is signed."""
    examination.allows("tls")
    address = issuer_address(examination)
    try:
        return await asyncio.to_thread(present, address, examination.options.answer_timeout)
    except OSError as error:
        raise Missing.because(_connection_failure(address, error)) from None


async def presented_chain(examination: Examination) -> CertificateChain:
    found = await examination.once(presented)
    try:
        return certificates.parse_der(found.chain)
    except ValueError as error:
        finding = CHAIN.failed(quoted(error), "certificates that can be read")
        raise Missing.because(finding) from None


async def trust(examination: Examination) -> TrustAnchor:
    """What verifies the issuer's certificate: public authorities, or else the given ones."""
    found = await examination.once(presented_chain)
    public = TrustAnchor(_context(Path(certifi.where())), True, "a public authority")
    refusal = await _refusal(examination, public)
    if refusal is None:
        return public
    private = await _private(examination)
    if private is not None:
        refusal = await _refusal(examination, private)
        if refusal is None:
            return private
    raise Missing.because(_verification_failure(examination, found, refusal, private))


async def takes_older(examination: Examination) -> bool:
    """Whether TLS 1.2 is taken too."""
    await examination.once(presented)
    address, seconds = issuer_address(examination), examination.options.answer_timeout
    try:
        await asyncio.to_thread(present, address, seconds, newest=ssl.TLSVersion.TLSv1_2)
    except OSError:
        return False
    return True


async def pinning(examination: Examination) -> str:
    """Why AWS goes by the thumbprint of the OIDC provider; empty where it does not.

    Source: IAM user guide, "Obtain the thumbprint for an OpenID Connect identity provider".
    """
    verified = await examination.once(trust)
    if not verified.is_public:
        return "the authority is private"
    return "" if await examination.once(takes_older) else "TLS 1.3 is required"


async def _connects(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(presented)
    address = issuer_address(examination)
    proxy = proxy_for(address)
    way = f" through the proxy {proxy}" if proxy else ""
    yield CONNECT.passed(f"{address} speaks {found.version}{way}")


async def _takes_older(examination: Examination) -> AsyncIterator[Finding]:
    if await examination.once(takes_older):
        yield VERSION.passed("TLS 1.2 is accepted")
    elif examination.config.discovery.thumbprint == "omit":
        yield VERSION.failed("only TLS 1.3", "TLS 1.2 too, or a pinned thumbprint")
    else:
        yield VERSION.warned("only TLS 1.3", "TLS 1.2 too")


async def _is_verified(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(trust)
    yield CHAIN.passed(f"verified with {found.source}")


async def _is_for_host(examination: Examination) -> AsyncIterator[Finding]:
    yield _name(examination, await examination.once(presented_chain))


async def _is_current(examination: Examination) -> AsyncIterator[Finding]:
    yield _expiry(await examination.once(presented_chain))


async def _is_whole(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(presented_chain)
    verified = await examination.once(trust)
    if not found.is_leaf_alone:
        kinds = ", ".join(each.kind for each in found.certificates)
        yield LEAF_ONLY.passed(f"presented: {kinds}")
    elif verified.is_public:
        yield LEAF_ONLY.passed("a leaf that a public root signed directly")
    else:
        yield LEAF_ONLY.warned(
            f"only the leaf, which expires on {found.leaf.expires:%Y-%m-%d}",
            "the leaf and the authority that signed it",
        )


async def _is_in_order(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(presented_chain)
    seen = ", ".join(f"the {each.kind} {quoted(each.subject)}" for each in found.certificates)
    if found.is_in_order:
        yield ORDER.passed(seen)
    else:
        yield ORDER.warned(seen, "each certificate followed by the one that signed it")


async def _fits_thumbprint(examination: Examination) -> AsyncIterator[Finding]:
    found = await examination.once(presented_chain)
    reason = await examination.once(pinning)
    configured = examination.config.discovery.thumbprint
    if isinstance(configured, str):
        use = f"AWS uses it: {reason}" if reason else UNUSED
        yield THUMBPRINT.passed(f"{found.top.pin}; {use}")
    else:
        yield fitting(THUMBPRINT, configured, found, reason)


def fitting(
    rule: Rule, thumbprints: Sequence[str], found: CertificateChain, reason: str
) -> Finding:
    """Whether one of the thumbprints fits what is presented, and will do so after a renewal.

    Args:
        rule: Whose thumbprints they are.
        thumbprints: The pinned ones.
        found: What is presented.
        reason: Why AWS goes by them; empty where it does not.
    """
    if not reason:
        return rule.passed(f"{listed(thumbprints)}; {UNUSED}")
    pinned = found.pinned(thumbprints)
    if pinned is None:
        return rule.failed(f"{listed(thumbprints)}; {reason}", found.top.pin)
    if pinned.is_authority:
        return rule.passed(f"{pinned.pin}; AWS uses it: {reason}")
    return rule.warned(pinned.pin, "the thumbprint of an authority", cause=_LEAF_PINNED)


UNUSED = "AWS does not use it: the authority is public"
_LEAF_PINNED = "The leaf was pinned by hand, or only the leaf was presented when it was read."


async def _private(examination: Examination) -> TrustAnchor | None:
    """The given authorities, or else the cluster's own, which signs the API server's certificate
    in most self-managed clusters."""
    path = examination.options.ca_file
    source = "the authority of --ca-file"
    if path is None:
        source = "the authority of the kubeconfig"
        try:
            path = (await examination.once(cluster.live)).certificate_authority
        except Missing:
            return None
    try:
        return TrustAnchor(_of_file(path), False, source) if path else None
    except UserError as error:
        seen = str(error)
    except ssl.SSLError:
        seen = f"{path}: no certificate in it"
    except OSError as error:
        seen = f"{path}: {error.strerror}"
    raise Missing.because(CHAIN.failed(seen, "certificates in PEM"))


async def _refusal(examination: Examination, trust: TrustAnchor) -> ssl.SSLError | None:
    address, seconds = issuer_address(examination), examination.options.answer_timeout
    try:
        await asyncio.to_thread(present, address, seconds, trust.context)
    except ssl.SSLError as error:
        return error
    except OSError as error:
        raise Missing.because(_connection_failure(address, error)) from None
    return None


def _of_file(path: Path) -> ssl.SSLContext:
    # Only the blocks count; what stands around them may be in any language.
    pem = named_files.text(path).encode("ascii", "ignore").decode()
    if not pem.strip():
        raise ssl.SSLError("there is no certificate")  # without any, the system's own would count
    return ssl.create_default_context(cadata=pem)


def _context(authorities: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authorities))


def _connection_failure(address: ServerAddress, error: OSError) -> Finding:
    return CONNECT.failed(f"{address}: {_reason(error)}", "a TLS server")


def _verification_failure(
    examination: Examination,
    found: CertificateChain,
    refusal: ssl.SSLError | None,
    tried: TrustAnchor | None,
) -> Finding:
    """The reason why nothing verifies the certificate, as exact as the chain itself tells."""
    for finding in (_expiry(found), _name(examination, found)):
        if finding.verdict == "fail":
            return finding
    authority = tried.source if tried else "the public authorities"
    seen = f"not verified with {authority}: {_reason(refusal or OSError())}"
    if tried and found.is_leaf_alone and not found.leaf.is_self_signed:
        return LEAF_ONLY.failed(seen, "the leaf and the authorities that signed it")
    return CHAIN.failed(seen, "a certificate from a known authority")


def _name(examination: Examination, found: CertificateChain) -> Finding:
    host = examination.config.issuer_host
    seen = listed(found.leaf.names)
    return NAME.passed(seen) if found.leaf.is_for(host) else NAME.failed(seen, host)


def _expiry(found: CertificateChain) -> Finding:
    now = datetime.datetime.now(datetime.UTC)
    first = found.first_to_expire
    seen = f"the {first.kind} {quoted(first.subject)} expires on {first.expires:%Y-%m-%d}"
    late = [each for each in found.certificates if each.begins > now]
    if late:
        begins = (
            f"the {late[0].kind} {quoted(late[0].subject)} is valid from {late[0].begins:%Y-%m-%d}"
        )
        return EXPIRY.failed(begins, f"certificates that are valid on {now:%Y-%m-%d}")
    if first.expires <= now:
        return EXPIRY.failed(seen, f"certificates that are valid on {now:%Y-%m-%d}")
    enough = min(SOON, (first.expires - first.begins) / 5)
    if first.expires <= now + enough:
        return EXPIRY.warned(seen, f"more than {enough.days} days left")
    return EXPIRY.passed(seen)


def _reason(error: OSError) -> str:
    text = getattr(error, "verify_message", "") or error.strerror or str(error)
    return quoted(text or "no response")


CHECKS = (
    Check(CONNECT, _connects),
    Check(VERSION, _takes_older),
    Check(CHAIN, _is_verified),
    Check(NAME, _is_for_host),
    Check(EXPIRY, _is_current),
    Check(LEAF_ONLY, _is_whole),
    Check(ORDER, _is_in_order),
    Check(THUMBPRINT, _fits_thumbprint),
)
