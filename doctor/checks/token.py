"""The layer `token`: the token that a workload's pods hand to AWS, looked into and verified."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError

from doctor import evidence
from doctor.checks import cluster, discovery, keys
from doctor.difference import compare_issuers
from doctor.examination import Examination, Missing, WorkloadCheck
from doctor.finding import Finding, Rule
from doctor.live.cluster import ClusterError
from federation import named_files
from federation.errors import UserError
from federation.keys.token import MAX_LENGTH, Token
from federation.model.config import Workload
from federation.named_files import FileError
from formats.escaping import listed, quoted

_LAYER = "token"

OBTAINED = Rule(
    "token-obtained",
    _LAYER,
    "There is a token of the workload to examine",
    "A token comes from a file, from a running pod, or from the TokenRequest API for the "
    "workload's service account. That creates no object in the cluster.",
    "The service account does not exist, or you may not create 'serviceaccounts/token' in its "
    "namespace.",
    "Deploy the workloads stack; or pass a token with --token FILE or --pod NAMESPACE/NAME.",
)
HEADER = Rule(
    "token-header",
    _LAYER,
    "The token names its key and an algorithm that AWS accepts",
    "STS accepts RS256, RS384, RS512, ES256, ES384 and ES512, and finds the key by the header's "
    "'kid'.",
    "It is not a token of a Kubernetes service account, or the signing key is of another type.",
    "Sign service account tokens with an RSA key, or an EC key on P-256, P-384 or P-521.",
)
SIGNATURE = Rule(
    "token-signature",
    _LAYER,
    "The published keys verify the token's signature",
    "AWS verifies every token with the keys that it reads from the issuer.",
    "The current signing key is not published: the keys were rotated, the API servers have "
    "different keys, or the documents are an outdated copy.",
    "Publish the keys of all API servers before the new key signs (kubectl get --raw "
    "/openid/v1/jwks).",
)
ISSUER = Rule(
    "token-issuer",
    _LAYER,
    "The token's 'iss' is the configured issuer, byte for byte",
    "STS finds the OIDC provider by the token's 'iss'.",
    "The first --service-account-issuer of the API server that issued it is not the configured "
    "issuer.",
    "Set the first --service-account-issuer of every API server to the configured issuer.",
)
AUDIENCE = Rule(
    "token-audience",
    _LAYER,
    "The token has an audience of the OIDC provider",
    "STS rejects a token whose 'aud' is not among the provider's client IDs.",
    "The pod's projected volume requests another audience, or none (then it is the API server's "
    "own).",
    "Set 'audience' in the pod's serviceAccountToken volume to the configured audience.",
)
SUBJECT = Rule(
    "token-subject",
    _LAYER,
    "The token's 'sub' is the workload's service account",
    "Kubernetes writes 'system:serviceaccount:NAMESPACE:NAME', and the role's trust policy "
    "admits only that subject.",
    "The token belongs to another service account: a pod without 'serviceAccountName' runs as "
    "'default'.",
    "Set 'serviceAccountName' in the pod.",
)
TIMES = Rule(
    "token-times",
    _LAYER,
    "The token is valid now",
    "A token is valid from 'nbf' and 'iat' to 'exp'; 'iat' and 'exp' are required. STS accepts "
    "it up to five minutes after 'exp'.",
    "The token expired (a process read it only once), or a clock is wrong.",
    "Read the token file before each use, as the AWS SDKs do; set the clocks by NTP.",
)

GRACE = 300
"""Seconds after `exp` during which STS still takes a token."""


_NO_POD = (
    "The pod does not run, mounts no token for AWS, or has no 'cat'; or you may not read it "
    "(get on pods; get and create on pods/exec)."
)
_OTHER_POD = "Name another pod of the workload; or pass its token with --token FILE."


async def token(examination: Examination, workload: Workload) -> Token:
    """A token of the workload: one from a file or a running pod, or else one minted for it."""
    options = examination.options
    if options.token_file is not None:
        return _check_owner(
            examination, workload, await examination.once(_of_file, options.token_file)
        )
    if options.pod is not None:
        return _check_owner(examination, workload, await examination.once(_of_pod, options.pod))
    examination.allows("token")
    server = await examination.once(cluster.live)
    config = examination.config
    about = evidence.name(workload)
    try:
        return await asyncio.to_thread(
            server.mint, workload.namespace, workload.service_account, config.pod_audience
        )
    except ClusterError as error:
        finding = OBTAINED.failed(str(error), "a token for the service account", about)
        raise Missing.because(finding) from None


def _check_owner(examination: Examination, workload: Workload, given: Token) -> Token:
    """The given token where it is this workload's; one of nobody is the first workload's."""
    workloads = examination.config.workloads
    subjects = [each.subject for each in workloads]
    owner = workloads[subjects.index(given.subject) if given.subject in subjects else 0]
    if owner != workload:
        raise Missing(f"the token is for {evidence.name(owner)}")
    return given


async def _of_file(_: Examination, path: Path) -> Token:
    try:
        return Token.parse(await asyncio.to_thread(named_files.text, path, limit=2 * MAX_LENGTH))
    except FileError as error:
        seen, cause = str(error), "The file cannot be read, or does not hold exactly one token."
    except UserError as error:
        seen, cause = f"{path}: {error}", "The file does not hold exactly one token."
    fix = "Pass a file that holds only the token, as the API server issued it."
    raise Missing.because(OBTAINED.failed(seen, "a token", cause=cause, fix=fix))


async def _of_pod(examination: Examination, pod: str) -> Token:
    examination.allows("token")
    server = await examination.once(cluster.live)
    namespace, _, name = pod.partition("/")
    audiences = examination.config.audience
    try:
        return await asyncio.to_thread(server.pod_token, namespace, name, audiences)
    except ClusterError as error:
        finding = OBTAINED.failed(
            f"{pod}: {error}", "a running pod with a token for AWS", cause=_NO_POD, fix=_OTHER_POD
        )
        raise Missing.because(finding) from None


async def _is_obtained(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    options = examination.options
    way = "minted" if options.token_file is None and options.pod is None else "given"
    yield OBTAINED.passed(f"{way}: {found.redacted()}", evidence.name(workload))


async def _names_key(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    about = evidence.name(workload)
    kid = f"kid {quoted(found.key_id)}" if found.key_id else "no kid"
    seen = f"alg {quoted(found.algorithm)}, {kid}"
    if found.algorithm in discovery.SIGNING_ALGORITHMS and found.key_id:
        yield HEADER.passed(seen, about)
    else:
        yield HEADER.failed(seen, f"one of {', '.join(discovery.SIGNING_ALGORITHMS)}; a kid", about)


async def _verifies(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    key_set = await examination.once(keys.key_set)
    about = evidence.name(workload)
    known = [each.kid for each in key_set.keys]
    if found.key_id not in known:
        key = f"the key {quoted(found.key_id)}" if found.key_id else "a key without a 'kid'"
        yield SIGNATURE.failed(f"signed by {key}", f"one of {listed(known)}", about)
        return
    try:
        jwt.decode(found.encoded, key_set, algorithms=list(discovery.SIGNING_ALGORITHMS))
    except (JoseError, ValueError) as error:
        # The name of the error alone: its text could quote the token.
        seen = f"{type(error).__name__} with the key {quoted(found.key_id)}"
        yield SIGNATURE.failed(seen, "a valid signature of that key", about)
    else:
        yield SIGNATURE.passed(f"verified with the key {quoted(found.key_id)}", about)


async def _has_issuer(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    about = evidence.name(workload)
    yield compare_issuers(ISSUER, found.issuer, examination.config.issuer, about)


async def _has_audience(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    about, configured = evidence.name(workload), examination.config.audience
    if set(found.audiences) & set(configured):
        yield AUDIENCE.passed(listed(found.audiences), about)
    else:
        yield AUDIENCE.failed(listed(found.audiences), listed(configured), about)


async def _has_subject(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    about = evidence.name(workload)
    if found.subject == workload.subject:
        yield SUBJECT.passed(quoted(found.subject), about)
    else:
        yield SUBJECT.failed(quoted(found.subject), quoted(workload.subject), about)


async def _is_current(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    about, now = evidence.name(workload), time.time()
    expected = f"a period that contains {_time(now)}"
    if found.expires is None or found.issued is None:
        yield TIMES.failed("no 'exp' or no 'iat'", expected, about)
        return
    begins = max(found.issued, found.not_before or 0)
    seen = f"{_time(begins)} to {_time(found.expires)}"
    if begins > now + GRACE or found.expires + GRACE < now:
        yield TIMES.failed(seen, expected, about)
    elif begins > now or found.expires < now:
        yield TIMES.warned(f"{seen}: less than five minutes off", expected, about)
    else:
        yield TIMES.passed(seen, about)


def _time(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return "an invalid time"


CHECKS = (
    WorkloadCheck(OBTAINED, _is_obtained),
    WorkloadCheck(HEADER, _names_key),
    WorkloadCheck(SIGNATURE, _verifies),
    WorkloadCheck(ISSUER, _has_issuer),
    WorkloadCheck(AUDIENCE, _has_audience),
    WorkloadCheck(SUBJECT, _has_subject),
    WorkloadCheck(TIMES, _is_current),
)
