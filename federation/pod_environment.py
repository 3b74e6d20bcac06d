"""Whether the environment of a workload's pods is the one that its configuration makes.

A pod takes each entry of its ConfigMap as an environment variable (`envFrom`). An environment can
redirect a program's requests and run code in it, so an entry is only harmless when it is known to
be: a setting of the AWS SDKs that changes neither where requests go nor what runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

HARMLESS = frozenset(
    {
        "AWS_ACCOUNT_ID_ENDPOINT_MODE",
        "AWS_AUTH_SCHEME_PREFERENCE",
        "AWS_CLI_AUTO_PROMPT",
        "AWS_CLI_FILE_ENCODING",
        "AWS_CLI_OUTPUT_ENCODING",
        "AWS_CLI_S3_MV_VALIDATE_SAME_S3_PATHS",
        "AWS_DEFAULTS_MODE",
        "AWS_DEFAULT_OUTPUT",
        "AWS_DEFAULT_REGION",
        "AWS_DISABLE_HOST_PREFIX_INJECTION",
        "AWS_DISABLE_REQUEST_COMPRESSION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
        "AWS_EC2_METADATA_V1_DISABLED",
        "AWS_ENABLE_ENDPOINT_DISCOVERY",
        "AWS_ENDPOINT_DISCOVERY_ENABLED",
        "AWS_EXECUTION_ENV",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_IMDS_USE_IPV6",
        "AWS_MAX_ATTEMPTS",
        "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
        "AWS_METADATA_SERVICE_TIMEOUT",
        "AWS_NEW_RETRIES_2026",
        "AWS_REGION",
        "AWS_REQUEST_CHECKSUM_CALCULATION",
        "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES",
        "AWS_RESPONSE_CHECKSUM_VALIDATION",
        "AWS_RETRY_MODE",
        "AWS_ROLE_SESSION_NAME",
        "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH",
        "AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS",
        "AWS_S3_USE_ARN_REGION",
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
        "AWS_SDK_UA_APP_ID",
        "AWS_SIGV4A_SIGNING_REGION_SET",
        "AWS_STS_REGIONAL_ENDPOINTS",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_USE_FIPS_ENDPOINT",
    }
)
"""Settings that a team may add without any risk beyond their own effect (AWS SDKs and Tools
Reference Guide, "Environment variables list"; botocore 1.43, `configprovider.py`; AWS CLI 1.45).
Left out on purpose: endpoints, CA bundles, profiles, credentials and their sources, files and
folders that are read or written, the data path (it replaces service models), the pager (a program),
and client-side monitoring (it sends requests to a host)."""


CHECKSUM = "OIDC_IAM_ENVIRONMENT_SHA256"
"""The variable of a test pod with the checksum of the environment that it was started with. A
container's own variables cannot change while it exists, unlike a pod's labels and annotations."""


def checksum(environment: Mapping[str, str]) -> str:
    """The SHA-256 of an environment, as `stacks.pods` has Terraform compute it, too.

    Over the lines `NAME=VALUE`, sorted and joined by line feeds; hexadecimal.
    """
    lines = "\n".join(f"{name}={environment[name]}" for name in sorted(environment))
    return hashlib.sha256(lines.encode()).hexdigest()


@dataclass(frozen=True)
class Judged:
    """The names of a live environment's entries that are not as configured, sorted.

    Attributes:
        wrong: Configured, but missing or with another value.
        dangerous: Not configured, and not known to be harmless: may redirect or execute.
        harmless: Not configured, but a harmless setting of the AWS SDKs.
    """

    wrong: tuple[str, ...]
    dangerous: tuple[str, ...]
    harmless: tuple[str, ...]


def judge(live: Mapping[str, object], configured: Mapping[str, str]) -> Judged:
    """Compare a live environment with `ClusterConfig.environment`.

    Args:
        live: Values may be of any type; only text can equal a configured value.
        configured: What the configuration makes.
    """
    further = sorted(live.keys() - configured.keys())
    return Judged(
        wrong=tuple(name for name in sorted(configured) if live.get(name) != configured[name]),
        dangerous=tuple(name for name in further if name not in HARMLESS),
        harmless=tuple(name for name in further if name in HARMLESS),
    )
