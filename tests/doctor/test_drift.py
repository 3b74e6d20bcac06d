"""A real federation with one thing changed at a time: the drift is that, and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import breaking
import pytest
from live_federation import ISSUER, LiveFederation
from ruamel.yaml import YAML
from stand_in_issuer import config_for
from stand_in_server import CONTEXT, answering, kubeconfig, respond
from test_doctor_sandbox import identities_of, objects_of

from doctor.drift import comparison
from doctor.drift.comparison import compare
from doctor.drift.places import Compared, DriftPlace, LiveDifference, counts, is_drift
from doctor.examination import Examination, Options
from doctor.live.cluster import Cluster
from federation.model.config import ClusterConfig

KEY = "oidc.sandbox.internal"
PROVIDER, THUMBPRINT = f"OIDC provider {KEY}", f"thumbprint of the OIDC provider {KEY}"
ROLE, CONFIG_MAP = "role oidc-iam-pod", "ConfigMap default/oidc-iam-pod-role"
BACK = "A deploy restores it."
SHOWN = "'python -m wizard apiserver' shows what to set on the API servers."

Told = tuple[str, str, str, str, str]
"""The place, its field, what is live, what is configured, and what to do."""


async def test_what_is_deployed_is_no_drift_and_looking_changes_nothing(
    live: LiveFederation,
) -> None:
    before = objects_of(live), identities_of(live)

    found = await compare(live.config)

    assert (is_drift(found), {each.name: each.verdict for each in found}) == (
        False,
        dict.fromkeys(
            [
                PROVIDER,
                THUMBPRINT,
                ROLE,
                "role sandbox_reports_report-writer",
                "API server",
                "anonymous requests",
                "ClusterRoleBinding oidc-reviewer",
                "Namespace reports",
                CONFIG_MAP,
                "ServiceAccount default/oidc-iam-pod",
                "Pod default/awscli",
                "ConfigMap reports/report-writer-role",
                "ServiceAccount reports/report-writer",
            ],
            "same",
        ),
    )
    assert (objects_of(live), identities_of(live)) == before


async def test_another_thumbprint_is_compared_with_what_the_endpoint_presents(
    live: LiveFederation,
) -> None:
    (right,) = live.iam.get_open_id_connect_provider(
        OpenIDConnectProviderArn=str(live.config.provider_arn())
    )["ThumbprintList"]
    with breaking.provider(ThumbprintList=["0" * 40])(live):
        found = await compare(live.config)

    configured = f"'{right}', as the endpoint presents it"
    remedy = f"{BACK} To keep it, pin it in 'discovery.thumbprint'."
    assert told(found) == [(THUMBPRINT, "", f"'{'0' * 40}'", configured, remedy)]


async def test_pinned_thumbprints_are_compared_without_the_endpoint(live: LiveFederation) -> None:
    pinned = changed(
        live.config, discovery={"thumbprint": ["f" * 40], "endpoint": "https://127.0.0.1:1"}
    )

    found = await compare(pinned)

    assert [(name, configured) for name, _, _, configured, _ in told(found)] == [
        (THUMBPRINT, f"'{'f' * 40}'")
    ]


async def test_where_iam_chooses_the_thumbprint_there_is_none_to_compare(
    live: LiveFederation,
) -> None:
    found = await compare(changed(live.config, discovery={"thumbprint": "omit"}))

    assert (is_drift(found), THUMBPRINT in [each.name for each in found]) == (False, False)


async def test_an_adopted_provider_may_have_more_audiences_and_tags_of_its_own(
    live: LiveFederation,
) -> None:
    arn = live.config.provider_arn()
    adopted = changed(live.config, aws={"oidc_provider": arn})
    with breaking.provider(ClientIDList=["vault", "sts.amazonaws.com"], Tags=[])(live):
        more = await compare(adopted)
    with breaking.provider(ClientIDList=["vault"])(live):
        less = await compare(adopted)

    remedy = "Add the missing ones where the provider is managed, or change 'audience'."
    assert (told(more), told(less)) == (
        [],
        [(PROVIDER, "audiences", "'vault'", "'sts.amazonaws.com'", remedy)],
    )


async def test_a_binding_that_is_not_configured_any_more_is_drift(live: LiveFederation) -> None:
    found = await compare(changed(live.config, discovery={"exposure": "none"}))

    remedy = (
        "A deploy removes it if one created it; otherwise delete it by hand. To keep it, set "
        "'exposure: binding'."
    )
    assert told(found) == [
        (
            "ClusterRoleBinding oidc-reviewer",
            "",
            "exists",
            "none ('exposure: none')",
            remedy,
        )
    ]


async def test_an_issuer_that_changed_is_told_first(live: LiveFederation) -> None:
    settings = live.config.model_copy(update={"issuer": f"{ISSUER}/v2"})

    found = await compare(settings, Options(skip=frozenset({"aws"})))

    remedy = f"This is another cluster, or its flags were changed: {SHOWN}"
    keys = "/openid/v1/jwks"
    assert told(found) == [
        ("API server", "issuer", f"'{ISSUER}'", f"'{ISSUER}/v2'", remedy),
        ("API server", "jwks_uri", f"'{ISSUER}{keys}'", f"'{ISSUER}/v2{keys}'", SHOWN),
    ]


EXPOSURES: dict[str, tuple[str, int, int, list[Told]]] = {
    "as configured": ("binding", 200, 403, []),
    "limited, as configured": ("authentication-config", 200, 401, []),
    "limited, without being configured": (
        "binding",
        200,
        401,
        [
            (
                "anonymous requests",
                "",
                "'authentication-config' (HTTP 401 for /api)",
                "'binding'",
                f"{SHOWN} To keep it, set 'exposure: authentication-config'.",
            )
        ],
    ),
    "not limited any more": (
        "authentication-config",
        200,
        403,
        [
            (
                "anonymous requests",
                "",
                "'binding' (HTTP 403 for /api)",
                "'authentication-config'",
                f"{SHOWN} To keep it, set 'exposure: binding'.",
            )
        ],
    ),
    "off": (
        "binding",
        401,
        401,
        [
            (
                "anonymous requests",
                "",
                "rejected (HTTP 401 for /.well-known/openid-configuration)",
                "'binding': anyone may read the documents",
                SHOWN,
            )
        ],
    ),
}


@pytest.mark.parametrize(
    ("configured", "documents", "others", "expected"), EXPOSURES.values(), ids=EXPOSURES
)
async def test_the_exposure_is_what_strangers_get(
    configured: str, documents: int, others: int, expected: list[Told], tmp_path: Path
) -> None:
    def answer(handler: Any) -> None:
        status = documents if handler.path.startswith("/.well-known") else others
        is_stranger = "Authorization" not in handler.headers
        respond(handler, status if is_stranger else 200, '{"gitVersion": "v1.34.4"}')

    with answering(answer) as port:
        (tmp_path / "kubeconfig").write_text(kubeconfig(port))
        config = ClusterConfig.model_validate(
            {
                "cluster": "prod",
                "issuer": ISSUER,
                "discovery": {"exposure": configured},
                "aws": {"region": "eu-west-1"},
                "kubernetes": {"kubeconfig": str(tmp_path / "kubeconfig"), "context": CONTEXT},
                "workloads": [{"namespace": "default", "service_account": "app"}],
            }
        )
        found = await compare(config, Options(skip=frozenset({"aws"})))

    assert [each for each in told(found) if each[0] == "anonymous requests"] == expected


async def test_without_a_number_the_account_of_the_credentials_is_taken(
    live: LiveFederation,
) -> None:
    config = changed(live.config, aws={"account_id": None})
    other = "arn:aws:iam::999999999999:role/oidc-iam-pod"
    with breaking.config_map_edited("AWS_ROLE_ARN", other)(live):
        seen = await compare(config)
        skipped = await compare(config, Options(skip=frozenset({"aws"})))

    assert told(seen) == [
        (
            CONFIG_MAP,
            "data.AWS_ROLE_ARN",
            f"'{other}'",
            "'arn:aws:iam::123456789012:role/oidc-iam-pod'",
            BACK,
        )
    ]
    assert (told(skipped), counts(skipped)) == (
        [],
        {"same": 9, "differs": 0, "unseen": 0, "skipped": 4},
    )


async def test_a_throttled_account_is_asked_again(live: LiveFederation) -> None:
    live.sandbox.fault("ListAttachedRolePolicies", "Throttling", "Rate exceeded", times=3)
    found = await compare(live.config, Options(skip=frozenset({"control-plane", "tls"})))

    assert counts(found) == {"same": 3, "differs": 0, "unseen": 0, "skipped": 10}


async def test_what_an_account_may_not_tell_is_not_taken_for_right(live: LiveFederation) -> None:
    live.sandbox.fault("ListRolePolicies", "AccessDenied", "User is not authorized", times=2)
    with breaking.session_duration(7200)(live):
        found = await compare(live.config, Options(skip=frozenset({"control-plane", "tls"})))

    reason = "AccessDenied: 'User is not authorized'"
    assert {each.name: (each.verdict, each.unseen) for each in found if each.unseen} == {
        ROLE: ("differs", reason),
        "role sandbox_reports_report-writer": ("unseen", reason),
    }


async def test_another_account_says_nothing_about_this_one(live: LiveFederation) -> None:
    found = await compare(changed(live.config, aws={"account_id": "999999999999"}))

    reason = "the credentials belong to the account 123456789012, not to 999999999999"
    aws = [PROVIDER, THUMBPRINT, ROLE, "role sandbox_reports_report-writer"]
    assert [(each.name, each.unseen) for each in found if each.unseen] == [
        (name, reason) for name in aws
    ]


async def test_what_may_not_be_read_is_not_taken_for_right(
    live: LiveFederation, tmp_path: Path
) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(_as_nobody(live)))

    found = await compare(changed(live.config, kubernetes={"kubeconfig": str(path)}))

    user = 'User "system:serviceaccount:default:default" cannot get resource'
    assert is_drift(found) is None
    assert {each.name: each.unseen for each in found if each.unseen} == {
        "ClusterRoleBinding oidc-reviewer": "HTTP 403: 'clusterrolebindings.rbac.authorization.k8s"
        f'.io "oidc-reviewer" is forbidden: {user} "clusterrolebindings" in API group '
        '"rbac.authorization.k8s.io" at the cluster scope\'',
        "Namespace reports": f'HTTP 403: \'namespaces "reports" is forbidden: {user} '
        '"namespaces" in API group "" in the namespace "reports"\'',
        CONFIG_MAP: f'HTTP 403: \'configmaps "oidc-iam-pod-role" is forbidden: {user} '
        '"configmaps" in API group "" in the namespace "default"\'',
        "ServiceAccount default/oidc-iam-pod": 'HTTP 403: \'serviceaccounts "oidc-iam-pod" is '
        f'forbidden: {user} "serviceaccounts" in API group "" in the namespace "default"\'',
        "Pod default/awscli": f'HTTP 403: \'pods "awscli" is forbidden: {user} '
        '"pods" in API group "" in the namespace "default"\'',
        "ConfigMap reports/report-writer-role": 'HTTP 403: \'configmaps "report-writer-role" is '
        f'forbidden: {user} "configmaps" in API group "" in the namespace "reports"\'',
        "ServiceAccount reports/report-writer": 'HTTP 403: \'serviceaccounts "report-writer" is '
        f'forbidden: {user} "serviceaccounts" in API group "" in the namespace "reports"\'',
    }


def _as_nobody(live: LiveFederation) -> dict[str, Any]:
    """The kubeconfig with a user who may read nothing but the two documents."""
    token = Cluster(live.sandbox.kubeconfig, None).mint("default", "default", ISSUER)
    document: dict[str, Any] = YAML(typ="safe").load(live.sandbox.kubeconfig)
    for user in document["users"]:
        user["user"] = {"token": token.encoded}
    return document


def told(found: tuple[Compared, ...]) -> list[Told]:
    """Each difference, with its place."""
    return [
        (each.name, difference.field, difference.live, difference.configured, difference.remedy)
        for each in found
        for difference in each.differences
    ]


def changed(config: ClusterConfig, **sections: dict[str, object]) -> ClusterConfig:
    """The configuration with other settings in some of its sections."""
    settings = config.model_dump(mode="json")
    for name, values in sections.items():
        settings[name] |= values
    return ClusterConfig.model_validate_json(json.dumps(settings))


async def test_a_place_that_raises_is_not_seen_and_the_others_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def raises(_: Examination) -> AsyncIterator[LiveDifference]:
        yield LiveDifference.of("field", "a", "b", "c")
        raise KeyError("data")

    async def same(_: Examination) -> AsyncIterator[LiveDifference]:
        return
        yield

    made = (DriftPlace("one", (), raises), DriftPlace("two", (), same))
    monkeypatch.setattr(comparison, "places", lambda _: made)
    config = config_for(443)

    found = await compare(config, Options(keep_traceback=lambda _: "logs/x.log"))

    assert [(each.name, each.verdict, each.unseen) for each in found] == [
        ("one", "differs", "the comparison raised KeyError; the traceback is in logs/x.log"),
        ("two", "same", ""),
    ]
