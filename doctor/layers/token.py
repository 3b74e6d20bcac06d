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
from doctor.difference import compared
from doctor.examination import Examination, Missing, WorkloadCheck
from doctor.finding import Finding
from doctor.layers import discovery, keys
from doctor.live.cluster import ClusterError
from doctor.rules import token as rules
from federation import named_files
from federation.errors import UserError
from federation.keys.token import MAX_LENGTH, Token
from federation.model.config import Workload
from federation.named_files import FileError
from formats.escaping import listed, quoted

GRACE = 300
"""Seconds after `exp` during which STS still takes a token."""


_NO_POD = (
    "The pod does not run, mounts no token for AWS, or has no 'cat'; or you may not read it "
    "(get on pods; get and create on pods/exec)."
)
_OTHER_POD = "Name another pod of the workload; or give its token with --token FILE."


async def token(examination: Examination, workload: Workload) -> Token:
    """A token of the workload: one from a file or a running pod, or else one minted for it."""
    options = examination.options
    if options.token_file is not None:
        return _owned(examination, workload, await examination.once(_of_file, options.token_file))
    if options.pod is not None:
        return _owned(examination, workload, await examination.once(_of_pod, options.pod))
    examination.allows("token")
    cluster = await examination.once(evidence.cluster)
    config = examination.config
    about = evidence.name(workload)
    try:
        return await asyncio.to_thread(
            cluster.mint, workload.namespace, workload.service_account, config.pod_audience
        )
    except ClusterError as error:
        finding = rules.OBTAINED.failed(str(error), "a token for the service account", about)
        raise Missing.because(finding) from None


def _owned(examination: Examination, workload: Workload, given: Token) -> Token:
    """The given token where it is this workload's; one of nobody is the first workload's."""
    workloads = examination.config.workloads
    subjects = [each.subject for each in workloads]
    owner = workloads[subjects.index(given.subject) if given.subject in subjects else 0]
    if owner != workload:
        raise Missing(f"the given token is for {evidence.name(owner)}")
    return given


async def _of_file(_: Examination, path: Path) -> Token:
    try:
        return Token.parse(await asyncio.to_thread(named_files.text, path, limit=2 * MAX_LENGTH))
    except FileError as error:
        seen, cause = str(error), "The file cannot be read, or holds something else, or more."
    except UserError as error:
        seen, cause = f"{path}: {error}", "The file holds something else, or more."
    fix = "Give a file that holds a token alone, as the API server issued it."
    raise Missing.because(rules.OBTAINED.failed(seen, "a token", cause=cause, fix=fix))


async def _of_pod(examination: Examination, pod: str) -> Token:
    examination.allows("token")
    cluster = await examination.once(evidence.cluster)
    namespace, _, name = pod.partition("/")
    audiences = examination.config.audience
    try:
        return await asyncio.to_thread(cluster.pod_token, namespace, name, audiences)
    except ClusterError as error:
        finding = rules.OBTAINED.failed(
            f"{pod}: {error}", "a running pod with a token for AWS", cause=_NO_POD, fix=_OTHER_POD
        )
        raise Missing.because(finding) from None


async def _is_obtained(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    options = examination.options
    way = "minted" if options.token_file is None and options.pod is None else "given"
    yield rules.OBTAINED.passed(f"{way}: {found.redacted()}", evidence.name(workload))


async def _names_key(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    about = evidence.name(workload)
    kid = f"kid {quoted(found.key_id)}" if found.key_id else "no kid"
    seen = f"alg {quoted(found.algorithm)}, {kid}"
    if found.algorithm in discovery.ALGORITHMS and found.key_id:
        yield rules.HEADER.passed(seen, about)
    else:
        yield rules.HEADER.failed(seen, f"one of {', '.join(discovery.ALGORITHMS)}; a kid", about)


async def _verifies(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    key_set = await examination.once(keys.key_set)
    about = evidence.name(workload)
    known = [each.kid for each in key_set.keys]
    if found.key_id not in known:
        key = f"the key {quoted(found.key_id)}" if found.key_id else "a key that it does not name"
        yield rules.SIGNATURE.failed(f"signed by {key}", f"one of {listed(known)}", about)
        return
    try:
        jwt.decode(found.encoded, key_set, algorithms=list(discovery.ALGORITHMS))
    except (JoseError, ValueError) as error:
        # The name of the error alone: its text could quote the token.
        seen = f"{type(error).__name__} with the key {quoted(found.key_id)}"
        yield rules.SIGNATURE.failed(seen, "a signature of that key", about)
    else:
        yield rules.SIGNATURE.passed(f"verified with the key {quoted(found.key_id)}", about)


async def _has_issuer(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    about = evidence.name(workload)
    yield compared(rules.ISSUER, found.issuer, examination.config.issuer, about)


async def _has_audience(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    about, configured = evidence.name(workload), examination.config.audience
    if set(found.audiences) & set(configured):
        yield rules.AUDIENCE.passed(listed(found.audiences), about)
    else:
        yield rules.AUDIENCE.failed(listed(found.audiences), listed(configured), about)


async def _has_subject(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    about = evidence.name(workload)
    if found.subject == workload.subject:
        yield rules.SUBJECT.passed(quoted(found.subject), about)
    else:
        yield rules.SUBJECT.failed(quoted(found.subject), quoted(workload.subject), about)


async def _is_current(examination: Examination, workload: Workload) -> AsyncIterator[Finding]:
    found = await examination.once(token, workload)
    about, now = evidence.name(workload), time.time()
    expected = f"a time span that contains {_time(now)}"
    if found.expires is None or found.issued is None:
        yield rules.TIMES.failed("no 'exp' or no 'iat'", expected, about)
        return
    begins = max(found.issued, found.not_before or 0)
    seen = f"{_time(begins)} to {_time(found.expires)}"
    if begins > now + GRACE or found.expires + GRACE < now:
        yield rules.TIMES.failed(seen, expected, about)
    elif begins > now or found.expires < now:
        yield rules.TIMES.warned(f"{seen}: within five minutes of it", expected, about)
    else:
        yield rules.TIMES.passed(seen, about)


def _time(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return "a time that no calendar has"


CHECKS = (
    WorkloadCheck(rules.OBTAINED, _is_obtained),
    WorkloadCheck(rules.HEADER, _names_key),
    WorkloadCheck(rules.SIGNATURE, _verifies),
    WorkloadCheck(rules.ISSUER, _has_issuer),
    WorkloadCheck(rules.AUDIENCE, _has_audience),
    WorkloadCheck(rules.SUBJECT, _has_subject),
    WorkloadCheck(rules.TIMES, _is_current),
)
