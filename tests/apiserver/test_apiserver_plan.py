"""What is changed, kept, warned about and refused."""

from __future__ import annotations

from typing import Any

import pytest
from apiserver_cases import ISSUER, JWKS, OLD, planned

from apiserver.flags import parse_flags
from apiserver.plan import Change
from apiserver.refusals import jwt
from apiserver.settings import Settings, faults

RUNNING = Settings(
    issuers=(OLD,),
    key_files=("/etc/kubernetes/pki/sa.pub",),
    signing_key_file="/etc/kubernetes/pki/sa.key",
)
OIDC = (("oidc-issuer-url", "https://login.example.com"), ("oidc-client-id", "kubernetes"))


def test_the_new_issuer_comes_first_and_all_others_stay_behind_it_in_their_order() -> None:
    before = Settings(issuers=("https://a.example", ISSUER, "https://b.example"))
    after = planned(before).after
    assert after.issuers == (ISSUER, "https://a.example", "https://b.example")


def test_keys_audiences_and_other_flags_stay_as_they_are() -> None:
    before = Settings(
        issuers=(OLD,),
        api_audiences=(OLD, "k3s"),
        key_files=("/a.pub", "/b.pub"),
        signing_key_file="/a.key",
        others=(("etcd-servers", "https://127.0.0.1:2379"),),
    )
    made = planned(before)
    assert (made.after.api_audiences, made.after.key_files, made.after.signing_key_file) == (
        (OLD, "k3s"),
        ("/a.pub", "/b.pub"),
        "/a.key",
    )
    assert made.after.others == before.others
    assert made.refusals == ()


def test_each_change_says_what_was_there_what_will_be_and_why() -> None:
    assert planned(RUNNING).changes == (
        Change(
            "service-account-issuer",
            (OLD,),
            (ISSUER, OLD),
            "The first one signs. The others stay accepted, so tokens in use stay valid.",
        ),
        Change(
            "service-account-jwks-uri",
            (),
            (JWKS,),
            "Without it the discovery document names the API server's own address, which is often "
            "private or on port 6443. AWS reads the keys on 443.",
        ),
    )


def test_the_difference_is_shown_as_a_unified_diff_of_flags() -> None:
    assert planned(RUNNING).diff.splitlines() == [
        "--- now",
        "+++ wanted",
        "@@ -1,3 +1,5 @@",
        f"+--service-account-issuer={ISSUER}",
        f" --service-account-issuer={OLD}",
        f"+--service-account-jwks-uri={JWKS}",
        " --service-account-key-file=/etc/kubernetes/pki/sa.pub",
        " --service-account-signing-key-file=/etc/kubernetes/pki/sa.key",
    ]


def test_a_second_plan_changes_nothing() -> None:
    once = planned(RUNNING)
    again = planned(once.after)
    assert (again.changes, again.diff, again.refusals) == ((), "", ())


@pytest.mark.parametrize("audiences", [(), (OLD,), ("sts.amazonaws.com", OLD)])
def test_the_audience_of_aws_is_never_added(audiences: tuple[str, ...]) -> None:
    after = planned(Settings(issuers=(OLD,), api_audiences=audiences)).after
    assert after.api_audiences == audiences


def test_without_audiences_the_tokens_of_both_issuers_log_in() -> None:
    """`ToAuthenticationConfig`: the audiences are all the issuers where the flag is not given."""
    assert planned(RUNNING).after.accepted_audiences == (ISSUER, OLD)


def test_an_audience_of_aws_that_logs_in_is_told_with_the_way_out_in_two_steps() -> None:
    made = planned(Settings(issuers=(ISSUER,), api_audiences=("sts.amazonaws.com",)))
    assert made.warnings == (
        "--api-audiences has sts.amazonaws.com: anyone who obtains a token for AWS can log in to "
        "the cluster with it. Remove it in two steps: first set "
        f"--api-audiences={ISSUER},sts.amazonaws.com; then, after every token has been renewed (24 "
        "hours; up to a year for injected tokens), remove sts.amazonaws.com.",
    )


def test_an_audience_that_is_the_issuer_logs_in_too() -> None:
    made = planned(Settings(issuers=(ISSUER,)), audience=ISSUER)
    assert made.warnings == (
        f"The audience {ISSUER} is the issuer, which the API server accepts as an audience: tokens "
        "for AWS can log in to the cluster. Use a separate audience for AWS.",
    )


@pytest.mark.parametrize(
    ("version", "before", "after"),
    [
        ("1.18", (), ("ServiceAccountIssuerDiscovery=true",)),
        ("1.19", ("Other=true",), ("Other=true", "ServiceAccountIssuerDiscovery=true")),
        ("1.20", (), ()),
        ("1.20", ("ServiceAccountIssuerDiscovery=true",), ()),
        ("1.34", ("ServiceAccountIssuerDiscovery=true", "Other=false"), ("Other=false",)),
    ],
)
def test_the_feature_gate_is_there_where_the_version_needs_it_and_nowhere_else(
    version: str, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    made = planned(Settings(feature_gates=before), version=version, new=True)
    assert made.after.feature_gates == after


@pytest.mark.parametrize(
    ("distribution", "schema"), [("plain", "flags"), ("kubeadm", "v1beta2"), ("k3s", "config-1.23")]
)
def test_a_version_before_1_22_takes_no_second_issuer(distribution: str, schema: str) -> None:
    assert planned(RUNNING, distribution, schema, version="1.21").refusals == (
        f"Kubernetes 1.21 accepts one issuer, and {OLD} is in use: every token with that issuer "
        "would fail at once. Upgrade to 1.22 first, which accepts several issuers.",
    )


@pytest.mark.parametrize(
    ("version", "gates"),
    [("1.31", ("AnonymousAuthConfigurableEndpoints=true",)), ("1.32", ()), ("1.34", ())],
)
def test_the_allowlist_takes_its_file_and_the_gate_of_its_version(
    version: str, gates: tuple[str, ...]
) -> None:
    before = Settings(issuers=(ISSUER,), jwks_uri=JWKS, anonymous_auth="true")
    after = planned(before, version=version, exposure="authentication-config").after
    assert (after.authentication_config, after.feature_gates, after.anonymous_auth) == (
        "/etc/kubernetes/oidc-iam/authentication-config.yaml",
        gates,
        None,
    )


def test_flags_of_oidc_beside_the_allowlist_are_refused_with_what_says_the_same() -> None:
    before = Settings(issuers=(ISSUER,), oidc=(*OIDC, ("oidc-groups-claim", "groups")))
    made = planned(before, exposure="authentication-config")
    assert made.refusals == (
        "--oidc-issuer-url and an AuthenticationConfiguration together stop the API server. Move "
        "the setting into the file's 'jwt:' and remove the --oidc-* flags first:\n    jwt:\n      "
        '- issuer:\n          url: "https://login.example.com"\n          audiences: '
        '["kubernetes"]\n        claimMappings:\n          username: {claim: "sub", prefix: '
        '"https://login.example.com#"}\n          groups: {claim: "groups", prefix: ""}',
        "--oidc-issuer-url is set together with --authentication-config: the API server does not "
        "start. Move it into the file's 'jwt:' first.",
    )


@pytest.mark.parametrize(
    ("flags", "username"),
    [
        ({"oidc-username-claim": "email"}, '{claim: "email", prefix: ""}'),
        ({"oidc-username-prefix": "-"}, '{claim: "sub", prefix: ""}'),
        ({"oidc-username-prefix": "oidc:"}, '{claim: "sub", prefix: "oidc:"}'),
    ],
)
def test_the_prefix_of_users_is_the_one_that_the_flags_gave(
    flags: dict[str, str], username: str
) -> None:
    lines = jwt(dict(OIDC) | flags).splitlines()
    assert lines[-1] == f"          username: {username}"


@pytest.mark.parametrize(
    ("distribution", "schema", "version", "reason"),
    [
        (
            "k0s",
            None,
            "1.34",
            "k0s before 1.37 always sets --anonymous-auth, which stops an API server that has an "
            "AuthenticationConfiguration with 'anonymous': use exposure 'binding', or a bucket.",
        ),
        (
            "talos",
            "v1.13",
            "1.34",
            "Talos before 1.14 (and with cluster.apiServer) always sets --anonymous-auth, which "
            "stops an API server that has an AuthenticationConfiguration with 'anonymous': use "
            "'--schema v1.14', exposure 'binding', or a bucket.",
        ),
        (
            "kops",
            None,
            "1.34",
            "kOps always sets --anonymous-auth=false, which stops an API server that has an "
            "AuthenticationConfiguration with 'anonymous'. Serve the documents from a bucket: "
            "discovery.hosting s3, or kOps's own serviceAccountIssuerDiscovery.discoveryStore "
            "with exposure 'none'.",
        ),
    ],
)
def test_a_distribution_that_sets_anonymous_auth_by_itself_cannot_have_the_allowlist(
    distribution: str, schema: str | None, version: str, reason: str
) -> None:
    made = planned(
        None,
        distribution,
        schema,
        version=version,
        exposure="authentication-config",
        kept=("https://old.example",),
    )
    assert made.refusals == (reason,)


@pytest.mark.parametrize(
    ("distribution", "schema", "version"),
    [
        ("kubeadm", "v1beta3", "1.30"),
        ("cluster-api", "v1beta2", "1.34"),
        ("cluster-api", "v1beta1", "1.34"),
        ("kubespray", "extra-args", "1.34"),
        ("k0s", "v1beta1-1.33", "1.33"),
        ("k3s", "config-1.23", "1.23"),
        ("rke2", "config-1.23", "1.23"),
        ("talos", "v1.12", "1.34"),
        ("kops", "v1alpha2-1.27", "1.27"),
    ],
)
def test_a_form_that_drops_repeated_flags_stops_where_several_are_needed(
    distribution: str, schema: str, version: str
) -> None:
    many = planned(RUNNING, distribution, schema, version=version, exposure="none")
    assert len(many.refusals) == 1
    assert "keeps only one --service-account-issuer, and 2 are needed" in many.refusals[0]
    assert "Remedy: " in many.refusals[0]
    one = planned(None, distribution, schema, version=version, exposure="none", new=True)
    assert one.refusals == ()


@pytest.mark.parametrize(("distribution", "title"), [("talos", "Talos Linux"), ("kops", "kOps")])
def test_an_unknown_issuer_of_a_distribution_without_a_fixed_one_is_refused(
    distribution: str, title: str
) -> None:
    assert planned(None, distribution, exposure="none").refusals == (
        f"Current issuer unknown, and {title} sets a different one for each cluster: without it, "
        "every token in use fails. Pass the current flags with --from, the issuer with "
        "--keep-issuer, or use --new-cluster if the cluster does not exist yet.",
    )
    assert planned(None, distribution, exposure="none", kept=("https://x",)).refusals == ()


@pytest.mark.parametrize(
    ("distribution", "kept"),
    [("kubeadm", OLD), ("k3s", OLD), ("rke2", OLD), ("k0s", "https://kubernetes.default.svc")],
)
def test_the_issuer_that_a_distribution_sets_by_itself_is_kept_where_nothing_is_known(
    distribution: str, kept: str
) -> None:
    assert planned(None, distribution).after.issuers == (ISSUER, kept)


def test_kubeadm_sets_no_issuer_before_1_20_and_needs_its_signing_key() -> None:
    after = planned(None, "kubeadm", "v1beta2", version="1.19").after
    assert (after.issuers, after.signing_key_file) == ((ISSUER,), "/etc/kubernetes/pki/sa.key")


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (
            Settings(issuers=("http://oidc.example.com",)),
            "'http://oidc.example.com' as first --service-account-issuer is not an https URL "
            "without query and fragment: the API server starts, but answers 404 for both "
            "documents.",
        ),
        (
            Settings(issuers=("https://[a",)),
            "'https://[a' as first --service-account-issuer is not an https URL without query and "
            "fragment: the API server starts, but answers 404 for both documents.",
        ),
        (
            Settings(issuers=(ISSUER,), jwks_uri="https://[a"),
            "--service-account-jwks-uri=https://[a is not an https URL: the API server does not "
            "start.",
        ),
        (
            Settings(issuers=(ISSUER, ISSUER)),
            "--service-account-issuer has the same issuer twice: the API server does not start.",
        ),
        (
            Settings(issuers=(ISSUER,), jwks_uri="http://oidc.example.com/openid/v1/jwks"),
            "--service-account-jwks-uri=http://oidc.example.com/openid/v1/jwks is not an https "
            "URL: the API server does not start.",
        ),
    ],
)
def test_what_stops_an_api_server_is_named(settings: Settings, fault: str) -> None:
    assert tuple(faults(settings)) == (fault,)


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (["--anonymous-auth", "--v=2"], {"anonymous_auth": "true", "others": (("v", "2"),)}),
        (["--api-audiences=a,b", "--api-audiences", "c"], {"api_audiences": ("a", "b", "c")}),
        (["--service-account-jwks-uri=x", "--service-account-jwks-uri=y"], {"jwks_uri": "y"}),
        (["--oidc-client-id=x"], {"oidc": (("oidc-client-id", "x"),)}),
        (["-v=2"], {"others": (("v", "2"),)}),
        (["--a", "-v", "2"], {"others": (("a", "true"), ("v", "2"))}),
        (["--api_audiences=a_b"], {"api_audiences": ("a_b",)}),
    ],
)
def test_flags_are_read_as_the_api_server_reads_them(
    arguments: list[str], settings: dict[str, Any]
) -> None:
    assert Settings.of(parse_flags(arguments, "file")) == Settings(**settings)


def test_refused_anonymous_requests_are_switched_on_with_a_warning() -> None:
    made = planned(Settings(issuers=(ISSUER,), jwks_uri=JWKS, anonymous_auth="false"))
    assert made.changes == (
        Change(
            "anonymous-auth",
            ("false",),
            (),
            "AWS reads the documents without credentials. Without the flag the API server accepts "
            "anonymous requests.",
        ),
    )
    assert made.warnings == (
        "Anonymous requests are refused now. They will be accepted on every path that RBAC "
        "grants: the two documents, /version, /livez, /readyz, /healthz, and anything else bound "
        "to system:unauthenticated. CIS 1.2.1 asks for an allowlist: use exposure "
        "'authentication-config' if your version has it.",
    )


def test_where_something_else_serves_the_documents_anonymous_requests_stay_as_they_are() -> None:
    before = Settings(issuers=(ISSUER,), jwks_uri=JWKS, anonymous_auth="false")
    made = planned(before, exposure="none")
    assert (made.changes, made.warnings) == ((), ())


def test_anonymous_requests_that_are_taken_already_are_not_touched() -> None:
    before = Settings(issuers=(ISSUER,), jwks_uri=JWKS, anonymous_auth="true")
    assert planned(before).changes == ()


def test_beside_an_authentication_configuration_in_use_no_anonymous_auth_is_added() -> None:
    before = Settings(issuers=(ISSUER,), jwks_uri=JWKS, authentication_config="/etc/auth.yaml")
    made = planned(before, "k3s")
    assert (made.after.anonymous_auth, made.changes) == (None, ())
    assert made.warnings == (
        "--authentication-config is in use: if its file has 'anonymous', it must list "
        "/.well-known/openid-configuration and /openid/v1/jwks.",
    )


def test_from_our_allowlist_back_to_the_binding_the_file_goes_and_the_flag_comes() -> None:
    there = planned(Settings(issuers=(ISSUER,)), "k3s", exposure="authentication-config").after
    back = planned(there, "k3s").after
    assert (there.anonymous_auth, back.authentication_config, back.anonymous_auth) == (
        None,
        None,
        "true",
    )


def test_what_cannot_be_all_of_what_runs_is_refused() -> None:
    assert planned(Settings(key_files=("/sa.pub",))).refusals == (
        "The given flags have no --service-account-issuer. An API server of 1.34 does not start "
        "without it: these are not all of its flags.",
    )


def test_a_drop_in_is_of_one_node() -> None:
    before = Settings(issuers=(ISSUER,), jwks_uri=JWKS)
    assert planned(before, "plain", "systemd").warnings == (
        "The drop-in repeats all flags of the unit, including its node's addresses: create one "
        "for each node, from that node's unit.",
    )


def test_a_drop_in_without_the_unit_is_refused() -> None:
    assert planned(None, "plain", "systemd").refusals == (
        "A drop-in replaces the unit's whole command, and its other flags are unknown: pass the "
        "unit with --from, or use the form 'flags'.",
    )


def test_an_external_signer_is_not_ours_to_set() -> None:
    before = Settings(
        issuers=(OLD,), others=(("service-account-signing-endpoint", "/run/signer.sock"),)
    )
    assert planned(before).refusals == (
        "--service-account-signing-endpoint: another program signs the tokens and publishes the "
        "keys. Set the issuer there.",
    )
