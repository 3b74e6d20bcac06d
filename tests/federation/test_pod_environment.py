"""What may be in the environment of a pod, and what may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.pod_environment import HARMLESS, Judged, checksum, judge

CONFIGURED = {"AWS_REGION": "eu-west-1", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/app"}


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_CA_BUNDLE",
        "AWS_CLI_HISTORY_FILE",
        "AWS_CONFIG_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CSM_HOST",
        "AWS_DATA_PATH",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_STS",
        "AWS_IAM_ROLE_ARN",
        "AWS_PAGER",
        "AWS_PROFILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_UNKNOWN",
        "BROWSER",
        "HOME",
        "HTTPS_PROXY",
        "LD_PRELOAD",
        "PATH",
        "PYTHONWARNINGS",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_FILE",
        "aws_retry_mode",
        "https_proxy",
        "",
        "A=B\n\x1b[2J",
    ],
)
def test_an_entry_that_is_not_known_to_be_harmless_is_dangerous(name: str) -> None:
    assert judge({**CONFIGURED, name: "x"}, CONFIGURED) == Judged((), (name,), ())


@pytest.mark.parametrize(
    "name", ["AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS", "AWS_DEFAULT_OUTPUT", "AWS_DEFAULTS_MODE"]
)
def test_a_setting_of_the_sdks_that_leads_nowhere_is_harmless(name: str) -> None:
    assert judge({**CONFIGURED, name: "x"}, CONFIGURED) == Judged((), (), (name,))


@pytest.mark.parametrize("value", ["us-east-1", "", "eu-west-1 ", None, 5, ["eu-west-1"], b"eu"])
def test_another_value_or_none_is_wrong(value: object) -> None:
    assert judge({**CONFIGURED, "AWS_REGION": value}, CONFIGURED) == Judged(("AWS_REGION",), (), ())


def test_a_missing_entry_is_wrong() -> None:
    assert judge({}, CONFIGURED) == Judged(("AWS_REGION", "AWS_ROLE_ARN"), (), ())


def test_the_configured_environment_is_as_configured() -> None:
    assert judge(CONFIGURED, CONFIGURED) == Judged((), (), ())


@given(st.dictionaries(st.text() | st.sampled_from(sorted(HARMLESS)), st.text() | st.none()))
def test_each_further_entry_is_judged_once(more: dict[str, object]) -> None:
    judged = judge({**more, **CONFIGURED}, CONFIGURED)

    assert judged.wrong == ()
    assert sorted((*judged.dangerous, *judged.harmless)) == sorted(more.keys() - CONFIGURED.keys())


def test_a_checksum_depends_on_each_value_and_not_on_the_order() -> None:
    expected = "c1f0203c784f43973b05f1e26b203aa2ff962726976099c65983b8842bf57399"
    assert checksum({"B": "2", "A": "1"}) == expected
    assert checksum({"A": "1", "B": "2"}) == expected
    assert checksum({"A": "1", "B": "3"}) != expected
