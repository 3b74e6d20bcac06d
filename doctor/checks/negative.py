"""The layer `negative`: what must be refused is offered, and refused.

The trust policy is evaluated always. STS is called with --negative alone: with tokens of service
accounts that exist, with a token signed by a key made here, and with none. Nothing is made in the
cluster or the account.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from doctor import evidence
from doctor.checks import aws, cluster, sts
from doctor.checks.token import GRACE, token
from doctor.checks.trust import decide
from doctor.examination import Examination, Missing, WorkloadCheck
from doctor.finding import Finding, Rule
from doctor.live.account import AwsError
from doctor.live.cluster import ClusterError
from federation import named_files
from federation.keys.token import Token
from federation.model import names
from federation.model.config import Workload
from formats.escaping import quoted

_LAYER = "negative"
_EDITED = "The role's trust policy is wider than the configured one: it was edited."
_REDEPLOY = "Deploy the identity stack, which replaces the policy."
_STRANGE = "The server that answers for STS does not check tokens as STS does."
_ENDPOINT = "Check aws.endpoint_url: only AWS, or the sandbox's strict STS, can prove this."

SERVICE_ACCOUNT = Rule(
    "negative-service-account",
    _LAYER,
    "Another service account of the namespace is refused",
    "The condition on 'sub' keeps other pods of the same namespace out.",
    _EDITED,
    _REDEPLOY,
)
NAMESPACE = Rule(
    "negative-namespace",
    _LAYER,
    "A service account of another namespace is refused",
    "The condition on 'sub' names the namespace: someone who can create pods in another "
    "namespace gets nothing.",
    _EDITED,
    _REDEPLOY,
)
AUDIENCE = Rule(
    "negative-audience",
    _LAYER,
    "A token for another audience is refused",
    "A token that a pod sends to another service must not work for AWS.",
    _EDITED,
    _REDEPLOY,
)
EXPIRED = Rule(
    "negative-expired",
    _LAYER,
    "An expired token is refused",
    "STS accepts a token up to 300 s after its 'exp'. Only the cluster's signing key can create "
    "an older token, so this is proven only in the sandbox.",
    _STRANGE,
    _ENDPOINT,
)
KEY = Rule(
    "negative-key",
    _LAYER,
    "A token signed by another key is refused",
    "The doctor signs the workload's own claims with a new key, which it then discards.",
    _STRANGE,
    _ENDPOINT,
)
GARBAGE = Rule(
    "negative-garbage",
    _LAYER,
    "Malformed tokens are rejected",
    "Text that is not a JWT must not get a role.",
    _STRANGE,
    _ENDPOINT,
)
ROLE = Rule(
    "negative-role",
    _LAYER,
    "A role that does not exist is refused",
    "STS answers AccessDenied, as it does for a role that does not trust the token: it does not "
    "reveal which roles exist.",
    _STRANGE,
    _ENDPOINT,
)
API_SERVER = Rule(
    "negative-api-server",
    _LAYER,
    "The API server rejects the token for AWS",
    "Someone who obtains the token on its way to AWS must not be able to log in to the cluster "
    "with it.",
    "--api-audiences of the API server contains the audience of the tokens for AWS.",
    "Remove that audience from --api-audiences and keep the others: without the flag it is the "
    "issuer.",
)

_ELSEWHERE = "kube-system"
_DEFAULT = "default"
_OTHER_AUDIENCE = "oidc-iam-doctor.invalid"
_NO_TOKEN = "this.is.garbage"
_NO_ROLE = "-does-not-exist"
_LIVE_ALONE = "needs --negative: only STS can prove this"

_DENIED = "AccessDenied"
_INVALID = "InvalidIdentityToken"
_EXPIRED = "ExpiredTokenException"


async def _refuses_account(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    account = _other_account(examination, workload)
    if account is None:
        raise Missing(f"the workload uses the default service account of {workload.namespace}")
    yield await _refuses_subject(
        examination, workload, SERVICE_ACCOUNT, workload.namespace, account
    )


async def _refuses_namespace(
    examination: Examination, workload: Workload
) -> AsyncIterator[Finding]:
    namespace = _ELSEWHERE if workload.namespace != _ELSEWHERE else _DEFAULT
    yield await _refuses_subject(examination, workload, NAMESPACE, namespace, _DEFAULT)


async def _refuses_audience(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    claims = {**await _claims(examination, workload), "aud": [_OTHER_AUDIENCE]}
    decision = await decide(examination, workload, claims)
    if decision.allowed:
        # STS compares 'aud' with the provider's client ids before it comes to the policy.
        yield AUDIENCE.warned(
            f"statement {decision.statement} of the trust policy admits it; the audiences of "
            "the provider are all that rejects it",
            "a condition on 'aud'",
            evidence.name(workload),
        )
        return
    if not examination.options.negative:
        yield _pass_by_evaluation(AUDIENCE, workload)
        return
    other = await _mint(examination, workload.namespace, workload.service_account, _OTHER_AUDIENCE)
    yield await _offer(examination, workload, AUDIENCE, other.encoded, _INVALID)


async def _refuses_expired(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    _live(examination)
    path = examination.options.signing_key
    if path is None:
        raise Missing("needs the cluster's signing key, which only a sandbox has")
    genuine = await examination.once(token, workload)
    expired = int(time.time()) - GRACE - 1
    times = {"iat": expired - 600, "nbf": expired - 600, "exp": expired}
    text = _sign(genuine, {**genuine.claims, **times}, _key(genuine, path))
    yield await _offer(examination, workload, EXPIRED, text, _EXPIRED)


async def _refuses_key(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    _live(examination)
    forged = await asyncio.to_thread(_forge, await examination.once(token, workload))
    yield await _offer(examination, workload, KEY, forged, _INVALID)


async def _refuses_garbage(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    _live(examination)
    yield await _offer(examination, workload, GARBAGE, _NO_TOKEN, _INVALID)


async def _refuses_role(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    _live(examination)
    arn = await examination.once(aws.role_arn, workload) + _NO_ROLE
    found = await examination.once(token, workload)
    yield await _offer(examination, workload, ROLE, found.encoded, _DENIED, arn)


async def _refuses_login(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    _live(examination)
    server = await examination.once(cluster.live)
    found = await examination.once(token, workload)
    about = evidence.name(workload)
    try:
        taken = await asyncio.to_thread(server.takes, found)
    except ClusterError as error:
        raise Missing(str(error)) from None
    if taken:
        yield API_SERVER.failed("the API server accepts the token", "HTTP 401", about)
    else:
        yield API_SERVER.passed("HTTP 401", about)


async def _refuses_subject(
    examination: Examination, workload: Workload, rule: Rule, namespace: str, account: str
) -> Finding:
    about = evidence.name(workload)
    if workload.trust == "audience-only":
        return rule.warned(
            "any pod of the cluster may assume the role",
            "a condition on 'sub'",
            about,
            cause="The configuration has 'trust: audience-only'.",
            fix="Set 'trust: service-account'.",
        )
    claims = {
        **await _claims(examination, workload),
        "sub": names.subject(namespace, account),
    }
    admitted = await _find_admission(examination, workload, rule, claims)
    if admitted or not examination.options.negative:
        return admitted or _pass_by_evaluation(rule, workload)
    other = await _mint(examination, namespace, account, examination.config.pod_audience)
    return await _offer(examination, workload, rule, other.encoded, _DENIED)


def _other_account(examination: Examination, workload: Workload) -> str | None:
    """Another service account of the namespace that exists: nothing is made for a check."""
    known = [
        each.service_account
        for each in examination.config.workloads
        if each.namespace == workload.namespace
    ]
    others = [name for name in (_DEFAULT, *known) if name != workload.service_account]
    return others[0] if others else None


async def _claims(examination: Examination, workload: Workload) -> Mapping[str, Any]:
    return (await examination.once(token, workload)).claims


async def _find_admission(
    examination: Examination, workload: Workload, rule: Rule, claims: Mapping[str, Any]
) -> Finding | None:
    """What is wrong, where the policy lets in what it must refuse."""
    decision = await decide(examination, workload, claims)
    if not decision.allowed:
        return None
    seen = f"statement {decision.statement} of the trust policy admits it"
    return rule.failed(seen, "no statement that admits it", evidence.name(workload))


def _pass_by_evaluation(rule: Rule, workload: Workload) -> Finding:
    return rule.passed("rejected by the trust policy (evaluated here)", evidence.name(workload))


def _live(examination: Examination) -> None:
    examination.allows("negative")
    if not examination.options.negative:
        raise Missing(_LIVE_ALONE)


async def _mint(examination: Examination, namespace: str, account: str, audience: str) -> Token:
    server = await examination.once(cluster.live)
    try:
        return await asyncio.to_thread(server.mint, namespace, account, audience)
    except ClusterError as error:
        raise Missing(f"no token of {namespace}/{account}: {error}") from None


async def _offer(
    examination: Examination,
    workload: Workload,
    rule: Rule,
    text: str,
    expected: str,
    arn: str | None = None,
) -> Finding:
    """Offer STS what it must refuse, after it has given the role for what it must not."""
    about = evidence.name(workload)
    await examination.once(sts.assumed, workload)
    client = await examination.once(sts.client)
    role_arn = arn if arn is not None else await examination.once(aws.role_arn, workload)
    try:
        given = await asyncio.to_thread(client.assume, role_arn, text)
    except AwsError as error:
        if error.code == expected:
            return rule.passed(f"STS answers {error.code}", about)
        return rule.warned(
            f"STS answers {quoted(error.code or error.message)}",
            expected,
            about,
            cause="STS rejects it, but for another reason than expected.",
            fix="See the other findings. This answer proves nothing.",
        )
    return rule.failed(f"STS returns credentials of {quoted(given.arn)}", expected, about)


def _forge(genuine: Token) -> str:
    """The same header and claims, signed by a key that nobody published."""
    curve = _CURVES.get(genuine.algorithm or "")
    key = ECKey.generate_key(curve) if curve else RSAKey.generate_key(2048)
    return _sign(genuine, genuine.claims, key)


def _key(genuine: Token, path: Path) -> RSAKey | ECKey:
    kind = ECKey if genuine.algorithm in _CURVES else RSAKey
    return kind.import_key(named_files.content(path))


def _sign(genuine: Token, claims: Mapping[str, Any], key: RSAKey | ECKey) -> str:
    header = dict(genuine.header)
    return jwt.encode(header, dict(claims), key, algorithms=[str(genuine.algorithm)])


_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}

CHECKS = (
    WorkloadCheck(SERVICE_ACCOUNT, _refuses_account),
    WorkloadCheck(NAMESPACE, _refuses_namespace),
    WorkloadCheck(AUDIENCE, _refuses_audience),
    WorkloadCheck(EXPIRED, _refuses_expired),
    WorkloadCheck(KEY, _refuses_key),
    WorkloadCheck(GARBAGE, _refuses_garbage),
    WorkloadCheck(ROLE, _refuses_role),
    WorkloadCheck(API_SERVER, _refuses_login),
)
