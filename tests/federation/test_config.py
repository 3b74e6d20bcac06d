"""What follows from a configuration, and the rules between its parts."""

from __future__ import annotations

from typing import Any

import pytest
from federation_examples import MINIMAL, configured, with_workloads
from federation_strategies import configurations
from hypothesis import given
from pydantic import ValidationError

from federation.model.config import ClusterConfig, LocalBackend, Role
from federation.yaml.files import ConfigError, validate


def refusals(**changes: Any) -> list[str]:
    """Every message about the minimal configuration with these changes."""
    with pytest.raises(ConfigError) as caught:
        configured(**changes)
    return list(caught.value.problems)


def workload_refusals(*workloads: dict[str, Any], **changes: Any) -> list[str]:
    """Every message about these workloads in the minimal configuration."""
    with pytest.raises(ConfigError) as caught:
        with_workloads(*workloads, **changes)
    return list(caught.value.problems)


class TestWhatFollows:
    def test_whatever_is_not_written_has_its_default(self) -> None:
        assert configured().model_dump() == {
            "cluster": "prod",
            "issuer": "https://oidc.example.com",
            "audience": ("sts.amazonaws.com",),
            "discovery": {
                "hosting": "apiserver",
                "s3": None,
                "exposure": "binding",
                "endpoint": None,
                "thumbprint": "endpoint",
            },
            "aws": {
                "region": "eu-west-1",
                "account_id": None,
                "oidc_provider": "create",
                "endpoint_url": None,
                "permissions_boundary": None,
                "tags": {},
                "max_retries": None,
            },
            "kubernetes": {
                "apply": "terraform",
                "kubeconfig": None,
                "context": "prod",
                "version": None,
                "distribution": None,
                "test_pod_image": "amazon/aws-cli:2.32.8",
            },
            "workloads": (
                {
                    "namespace": "default",
                    "create_namespace": False,
                    "service_account": "app",
                    "token_expiration_seconds": 3600,
                    "role": {
                        "name": None,
                        "path": "/",
                        "managed_policy_arns": ("job-function/ViewOnlyAccess",),
                        "max_session_duration": 3600,
                    },
                    "trust": "service-account",
                    "test_pod": False,
                },
            ),
            "backend": {"type": "local"},
            "lint": {"accept": ()},
        }

    def test_a_configuration_never_changes(self) -> None:
        config = configured()
        with pytest.raises(ValidationError, match="Instance is frozen"):
            config.cluster = "other"  # type: ignore[misc]
        with pytest.raises(ValidationError, match="Instance is frozen"):
            config.workloads[0].role.name = "other"  # type: ignore[misc]

    @given(configurations())
    def test_issuer_audience_and_subject_have_one_source(self, config: ClusterConfig) -> None:
        assert f"https://{config.issuer_key}" == config.issuer
        assert config.openid_configuration_url.startswith(config.issuer)
        assert config.pod_audience in config.audience
        assert config.discovery_address[1] in range(1, 65536)

    def test_an_issuer_with_a_path_keeps_it_everywhere_but_in_the_host(self) -> None:
        config = configured(issuer="https://oidc.example.com/a/b")
        assert config.issuer_key == "oidc.example.com/a/b"
        assert config.issuer_host == "oidc.example.com"
        assert config.openid_configuration_url == (
            "https://oidc.example.com/a/b/.well-known/openid-configuration"
        )
        assert config.jwks_uri == "https://oidc.example.com/a/b/openid/v1/jwks"

    @pytest.mark.parametrize(
        ("endpoint", "address"),
        [
            (None, ("oidc.example.com", 443)),
            ("https://api.lan", ("api.lan", 443)),
            ("https://10.0.0.1:6443", ("10.0.0.1", 6443)),
            ("https://[::1]:6443", ("::1", 6443)),
        ],
    )
    def test_documents_are_read_where_the_endpoint_says(
        self, endpoint: str | None, address: tuple[str, int]
    ) -> None:
        config = configured(discovery={"endpoint": endpoint})
        assert config.discovery_address == address

    @pytest.mark.parametrize(
        ("region", "partition"),
        [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
    )
    def test_no_arn_has_a_partition_of_its_own(self, region: str, partition: str) -> None:
        config = configured(aws={"region": region, "account_id": "123456789012"})
        (workload,) = config.workloads
        assert config.partition == partition
        assert config.provider_arn() == (
            f"arn:{partition}:iam::123456789012:oidc-provider/oidc.example.com"
        )
        assert config.role_arn(workload) == (
            f"arn:{partition}:iam::123456789012:role/prod_default_app"
        )
        assert config.policy_arn("job-function/ViewOnlyAccess") == (
            f"arn:{partition}:iam::aws:policy/job-function/ViewOnlyAccess"
        )

    @pytest.mark.parametrize(("version", "minor"), [("1.18", 18), ("1.34", 34), (None, None)])
    def test_the_minor_version_is_a_number_to_compare(
        self, version: str | None, minor: int | None
    ) -> None:
        config = configured(kubernetes=MINIMAL["kubernetes"] | {"version": version})
        assert config.kubernetes.minor == minor

    def test_a_policy_that_is_an_arn_stays_as_it_is(self) -> None:
        arn = "arn:aws:iam::123456789012:policy/a"
        assert configured().policy_arn(arn) == arn

    def test_without_an_account_no_arn_is_known(self) -> None:
        config = configured()
        assert config.provider_arn() is None
        assert config.role_arn(config.workloads[0]) is None

    def test_an_adopted_provider_names_the_account(self) -> None:
        provider = "arn:aws:iam::123456789012:oidc-provider/cluster.example.com"
        adopted = MINIMAL["aws"] | {"oidc_provider": provider}
        config = configured(aws=adopted, issuer="https://cluster.example.com")
        assert config.account_id == "123456789012"
        assert str(config.role_arn(config.workloads[0])).startswith(
            "arn:aws:iam::123456789012:role/"
        )

    def test_a_given_role_name_and_path_are_in_the_arn(self) -> None:
        config = with_workloads(
            {"role": {"name": "Reader", "path": "/teams/a/"}},
            aws=MINIMAL["aws"] | {"account_id": "123456789012"},
        )
        assert config.role_arn(config.workloads[0]) == (
            "arn:aws:iam::123456789012:role/teams/a/Reader"
        )

    def test_pods_get_the_environment_of_the_sdks(self) -> None:
        assert configured().environment("arn:aws:iam::123456789012:role/a") == {
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_REGION": "eu-west-1",
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/a",
            "AWS_STS_REGIONAL_ENDPOINTS": "regional",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/oidc-iam/serviceaccount/token",
        }

    def test_a_workload_names_its_objects(self) -> None:
        (workload,) = with_workloads({"namespace": "apps", "service_account": "a.b"}).workloads
        assert workload.subject == "system:serviceaccount:apps:a.b"
        assert workload.config_map == "a.b-role"
        assert workload.terraform_name == "apps_a_b"

    def test_terraform_applies_three_stacks_and_one_where_manifests_do_the_rest(self) -> None:
        assert configured().stacks == ("prod-discovery", "prod-identity", "prod-workloads")
        assert configured(kubernetes={"apply": "manifests"}).stacks == ("prod-identity",)

    def test_a_namespace_is_made_once(self) -> None:
        new = {"namespace": "b", "create_namespace": True}
        config = with_workloads(
            new | {"service_account": "x"},
            {"namespace": "c"},
            {"namespace": "a", "create_namespace": True},
            new | {"service_account": "y"},
        )
        assert config.namespaces_to_create == ("b", "a")

    def test_the_first_test_pod_of_a_namespace_is_awscli(self) -> None:
        config = with_workloads(
            {"service_account": "a", "test_pod": True},
            {"service_account": "b"},
            {"service_account": "c", "test_pod": True},
            {"namespace": "other", "service_account": "c", "test_pod": True},
        )
        assert {name: pod.subject for name, pod in config.test_pods.items()} == {
            "default/awscli": "system:serviceaccount:default:a",
            "default/awscli-c": "system:serviceaccount:default:c",
            "other/awscli": "system:serviceaccount:other:c",
        }


class TestBucket:
    """Documents in a bucket: what follows from it, and what does not go with it."""

    ISSUER = "https://oidc-prod.s3.eu-west-1.amazonaws.com"
    CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0f3f1a7e"

    def hosted(self, certificate: str | None = None, **discovery: Any) -> dict[str, Any]:
        """The part `discovery`."""
        bucket = {"bucket": "oidc-prod", "keys": ["sa.pub"], "acm_certificate_arn": certificate}
        return {"hosting": "s3", "s3": bucket, **discovery}

    def test_nothing_is_bound_and_nothing_pinned_unless_asked_for(self) -> None:
        config = configured(issuer=self.ISSUER, discovery=self.hosted())
        asked = self.hosted(exposure="binding", thumbprint="endpoint")
        other = configured(issuer=self.ISSUER, discovery=asked)
        assert (config.discovery.exposure, config.discovery.thumbprint) == ("none", "omit")
        assert (other.discovery.exposure, other.discovery.thumbprint) == ("binding", "endpoint")

    @pytest.mark.parametrize(
        ("region", "url"),
        [
            ("us-east-1", "https://oidc-prod.s3.us-east-1.amazonaws.com"),
            ("us-gov-west-1", "https://oidc-prod.s3.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "https://oidc-prod.s3.cn-north-1.amazonaws.com.cn"),
        ],
    )
    def test_the_issuer_is_the_address_of_the_bucket(self, region: str, url: str) -> None:
        for issuer in (url, f"{url}/clusters/prod"):
            config = configured(issuer=issuer, discovery=self.hosted(), aws={"region": region})
            assert config.bucket_url == url
        assert configured().bucket_url is None

    @pytest.mark.parametrize(
        "issuer",
        [
            "https://oidc.example.com",
            "https://oidc-prod.s3.amazonaws.com",
            "https://s3.eu-west-1.amazonaws.com/oidc-prod",
            "https://oidc-prod.s3.eu-west-1.amazonaws.com.example.com",
        ],
    )
    def test_another_issuer_is_refused_with_the_right_one(self, issuer: str) -> None:
        assert refusals(issuer=issuer, discovery=self.hosted()) == [
            f"issuer: is {issuer!r}, but the bucket serves the documents at {self.ISSUER!r}: write "
            "that, or name a certificate for a host of your own "
            "(discovery.s3.acm_certificate_arn)."
        ]

    def test_with_a_certificate_the_issuer_has_a_host_of_ones_own(self) -> None:
        discovery = self.hosted(self.CERTIFICATE)
        assert configured(discovery=discovery).issuer_host == "oidc.example.com"
        assert refusals(issuer=self.ISSUER, discovery=discovery) == [
            "issuer: 'oidc-prod.s3.eu-west-1.amazonaws.com' is a name of AWS, for which you have "
            "no certificate: write a host of your own."
        ]

    def test_cloudfront_takes_certificates_of_its_account_in_the_public_partition(self) -> None:
        discovery = self.hosted(self.CERTIFICATE)
        assert refusals(discovery=discovery, aws={"region": "cn-north-1"}) == [
            "discovery.s3.acm_certificate_arn: CloudFront is set up in the partition 'aws' alone, "
            "and cn-north-1 is in 'aws-cn': leave it out, and let the bucket serve."
        ]
        assert refusals(
            discovery=discovery, aws={"region": "eu-west-1", "account_id": "210987654321"}
        ) == [
            f"discovery.s3.acm_certificate_arn: '{self.CERTIFICATE}' belongs to the account "
            "123456789012, and CloudFront takes certificates of its own: write one of 210987654321."
        ]

    def test_hosting_and_bucket_go_together(self) -> None:
        assert refusals(discovery={"hosting": "s3"}) == [
            "discovery.s3: is needed with 'hosting: s3': write its bucket, and the public keys."
        ]
        assert refusals(discovery=self.hosted() | {"hosting": "apiserver"}) == [
            "discovery.s3: does nothing with 'hosting: apiserver': remove it, or write 'hosting: "
            "s3'."
        ]

    def test_manifests_leave_the_bucket_to_terraform(self) -> None:
        discovery = self.hosted()
        kubernetes = {"apply": "manifests"}
        config = configured(issuer=self.ISSUER, discovery=discovery, kubernetes=kubernetes)
        assert config.stacks == ("prod-discovery", "prod-identity")
        config = configured(issuer=self.ISSUER, discovery=discovery)
        assert config.stacks == ("prod-discovery", "prod-identity", "prod-workloads")


class TestLimits:
    @pytest.mark.parametrize("seconds", [600, 2**32])
    def test_a_token_lives_from_ten_minutes_to_what_kubernetes_takes(self, seconds: int) -> None:
        (workload,) = with_workloads({"token_expiration_seconds": seconds}).workloads
        assert workload.token_expiration_seconds == seconds

    @pytest.mark.parametrize(
        ("seconds", "message"),
        [
            (599, "is 599: at least 600 is needed."),
            (2**32 + 1, "is 4294967297: at most 4294967296 is allowed."),
        ],
    )
    def test_a_token_of_another_life_is_refused(self, seconds: int, message: str) -> None:
        assert workload_refusals({"token_expiration_seconds": seconds}) == [
            f"workloads[0].token_expiration_seconds: {message}"
        ]

    @pytest.mark.parametrize("seconds", [3600, 43200])
    def test_a_session_lasts_one_to_twelve_hours(self, seconds: int) -> None:
        assert Role(max_session_duration=seconds).max_session_duration == seconds

    @pytest.mark.parametrize(
        ("seconds", "message"),
        [
            (3599, "is 3599: at least 3600 is needed."),
            (43201, "is 43201: at most 43200 is allowed."),
        ],
    )
    def test_a_session_of_another_length_is_refused(self, seconds: int, message: str) -> None:
        assert workload_refusals({"role": {"max_session_duration": seconds}}) == [
            f"workloads[0].role.max_session_duration: {message}"
        ]

    @pytest.mark.parametrize("retries", [0, 100])
    def test_up_to_a_hundred_retries_are_taken(self, retries: int) -> None:
        aws = MINIMAL["aws"] | {"max_retries": retries}
        assert configured(aws=aws).aws.max_retries == retries

    @pytest.mark.parametrize(
        ("retries", "message"),
        [(-1, "is -1: at least 0 is needed."), (101, "is 101: at most 100 is allowed.")],
    )
    def test_more_retries_are_refused(self, retries: int, message: str) -> None:
        assert refusals(aws=MINIMAL["aws"] | {"max_retries": retries}) == [
            f"aws.max_retries: {message}"
        ]

    def test_a_provider_has_one_to_a_hundred_audiences(self) -> None:
        hundred = [str(number) for number in range(100)]
        assert configured(audience=hundred).audience == tuple(hundred)
        assert refusals(audience=[]) == ["audience: is empty: at least 1 is needed."]
        assert refusals(audience=[*hundred, "more"]) == [
            "audience: has 101 entries: at most 100 are allowed."
        ]

    def test_at_least_one_workload_is_needed(self) -> None:
        assert refusals(workloads=[]) == ["workloads: is empty: at least 1 is needed."]


class TestRulesBetweenParts:
    def test_an_audience_is_listed_once(self) -> None:
        assert refusals(audience=["a", "b", "a"]) == [
            "audience: an audience is listed twice: remove one."
        ]

    def test_audiences_that_differ_in_case_are_two(self) -> None:
        assert configured(audience=["a", "A"]).audience == ("a", "A")

    def test_a_service_account_is_listed_once(self) -> None:
        assert workload_refusals({}, {"service_account": "b"}, {"role": {"name": "other"}}) == [
            "workloads[2]: the service account default/app is listed already as workloads[0]: "
            "remove one."
        ]

    def test_a_service_account_of_another_namespace_is_another(self) -> None:
        config = with_workloads({}, {"namespace": "other"})
        assert [config.role_name(workload) for workload in config.workloads] == [
            "prod_default_app",
            "prod_other_app",
        ]

    @pytest.mark.parametrize("version", ["1.31", "1.34", None])
    def test_anonymous_paths_are_restricted_where_the_api_server_can(
        self, version: str | None
    ) -> None:
        config = configured(
            discovery={"exposure": "authentication-config"},
            kubernetes=MINIMAL["kubernetes"] | {"version": version},
        )
        assert config.discovery.exposure == "authentication-config"

    def test_anonymous_paths_are_not_restricted_before_the_api_server_can(self) -> None:
        assert refusals(
            discovery={"exposure": "authentication-config"},
            kubernetes=MINIMAL["kubernetes"] | {"version": "1.30"},
        ) == [
            "discovery.exposure: Kubernetes 1.30 cannot restrict anonymous requests to paths, "
            "which came with 1.31 (KEP-4633): write 'binding', or upgrade."
        ]

    def test_two_roles_differ_in_more_than_case(self) -> None:
        given_names = [
            {"service_account": name, "role": {"name": name.upper()}} for name in ("a", "b")
        ]
        assert len(with_workloads(*given_names).workloads) == 2
        assert workload_refusals(
            {"role": {"name": "Reader"}}, {"service_account": "b", "role": {"name": "reader"}}
        ) == [
            "workloads[1].role.name: 'reader' is the role of workloads[0] already (IAM takes no "
            "two names that differ in case only): give one of them another name."
        ]

    def test_a_given_role_name_may_not_be_one_that_is_derived(self) -> None:
        assert workload_refusals(
            {}, {"service_account": "b", "role": {"name": "PROD_default_app"}}
        ) == [
            "workloads[1].role.name: 'PROD_default_app' is the role of workloads[0] already (IAM "
            "takes no two names that differ in case only): give one of them another name."
        ]

    PROVIDER = "arn:aws:iam::123456789012:oidc-provider/oidc.example.com"

    def test_an_adopted_provider_names_its_account(self) -> None:
        config = configured(aws=MINIMAL["aws"] | {"oidc_provider": self.PROVIDER})
        assert config.provider_arn() == self.PROVIDER

    @pytest.mark.parametrize(
        ("arn", "changes", "right"),
        [
            (PROVIDER + "/a", {}, PROVIDER),
            (PROVIDER.replace("oidc.", "other."), {}, PROVIDER),
            (
                PROVIDER,
                {"account_id": "210987654321"},
                PROVIDER.replace("123456789012", "210987654321"),
            ),
            (PROVIDER, {"region": "cn-north-1"}, PROVIDER.replace("arn:aws:", "arn:aws-cn:")),
        ],
    )
    def test_the_adopted_provider_is_the_one_of_the_issuer(
        self, arn: str, changes: dict[str, str], right: str
    ) -> None:
        assert refusals(aws=MINIMAL["aws"] | {"oidc_provider": arn} | changes) == [
            f"aws.oidc_provider: is '{arn}', but the one for this issuer and account is '{right}': "
            "write that, or 'create'."
        ]

    def test_a_policy_belongs_to_the_partition_of_the_region(self) -> None:
        policies = ["ReadOnlyAccess", "arn:aws-cn:iam::aws:policy/a/B"]
        assert workload_refusals({"role": {"managed_policy_arns": policies}}) == [
            "workloads[0].role.managed_policy_arns[1]: 'arn:aws-cn:iam::aws:policy/a/B' belongs to "
            "the partition 'aws-cn', but eu-west-1 to 'aws': write 'arn:aws:iam::aws:policy/a/B'."
        ]
        assert with_workloads(
            {"role": {"managed_policy_arns": policies}}, aws={"region": "cn-north-1"}
        )

    def test_a_boundary_belongs_to_the_partition_of_the_region(self) -> None:
        aws = {
            "region": "us-gov-west-1",
            "permissions_boundary": "arn:aws:iam::123456789012:policy/b",
        }
        assert refusals(aws=aws) == [
            "aws.permissions_boundary: 'arn:aws:iam::123456789012:policy/b' belongs to the "
            "partition 'aws', but us-gov-west-1 to 'aws-us-gov': write "
            "'arn:aws-us-gov:iam::123456789012:policy/b'."
        ]

    def test_a_policy_belongs_to_the_account_or_to_aws(self) -> None:
        aws = MINIMAL["aws"] | {"account_id": "111111111111"}
        own = ["arn:aws:iam::111111111111:policy/a", "arn:aws:iam::aws:policy/a"]
        assert with_workloads({"role": {"managed_policy_arns": own}}, aws=aws)
        foreign = {"managed_policy_arns": ["arn:aws:iam::222222222222:policy/a"]}
        assert workload_refusals({"role": foreign}, aws=aws) == [
            "workloads[0].role.managed_policy_arns[0]: 'arn:aws:iam::222222222222:policy/a' "
            "belongs to the account 222222222222, and IAM attaches policies of 111111111111 and of "
            "AWS itself alone: write one of those."
        ]
        assert with_workloads({"role": foreign})

    def test_a_policy_is_attached_once_whether_named_or_given_by_arn(self) -> None:
        policies = ["a", "ReadOnlyAccess", "arn:aws:iam::aws:policy/ReadOnlyAccess"]
        assert workload_refusals({"role": {"managed_policy_arns": policies}}) == [
            "workloads[0].role.managed_policy_arns[2]: 'arn:aws:iam::aws:policy/ReadOnlyAccess' is "
            "listed twice: remove one."
        ]

    @pytest.mark.parametrize(
        "namespace", ["default", "kube-system", "kube-public", "kube-node-lease"]
    )
    def test_a_namespace_that_every_cluster_has_is_not_made(self, namespace: str) -> None:
        assert workload_refusals({"namespace": namespace, "create_namespace": True}) == [
            f"workloads[0].create_namespace: the namespace {namespace!r} exists in every cluster: "
            "write false."
        ]

    def test_a_finding_is_accepted_once_for_a_workload_and_once_for_all(self) -> None:
        everywhere = {"code": "local-state", "reason": "a trial", "until": "2027-01-31"}
        here = everywhere | {"workload": "default/app"}
        assert len(configured(lint={"accept": [everywhere, here]}).lint.accept) == 2
        assert refusals(lint={"accept": [everywhere, here, here]}) == [
            "lint.accept[2]: 'local-state' is accepted as lint.accept[1] already: remove one."
        ]

    def test_a_finding_is_accepted_for_a_workload_that_there_is(self) -> None:
        accepted = {"code": "test-pod", "reason": "a trial", "until": "2027-01-31"}
        assert refusals(lint={"accept": [accepted | {"workload": "default/ap"}]}) == [
            "lint.accept[0].workload: 'default/ap' is not a workload of this configuration: write "
            "one as NAMESPACE/SERVICE_ACCOUNT. Did you mean 'default/app'?"
        ]

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            (
                {"code": "Local State"},
                "code: 'Local State' is not the code of a finding: write one like "
                "'audience-only-trust'.",
            ),
            (
                {"until": "2027-02-29"},
                "until: '2027-02-29' is not a day: write it like '2027-01-31'.",
            ),
            ({"until": "20270131"}, "until: '20270131' is not a day: write it like '2027-01-31'."),
            (
                {"reason": ""},
                "reason: '' is empty, or has white space around it or control characters.",
            ),
        ],
    )
    def test_an_acceptance_has_a_code_a_reason_and_a_last_day(
        self, change: dict[str, str], problem: str
    ) -> None:
        accepted = {"code": "test-pod", "reason": "a trial", "until": "2027-01-31"}
        assert refusals(lint={"accept": [accepted | change]}) == [f"lint.accept[0].{problem}"]

    def test_terraform_is_told_which_cluster_it_applies_to(self) -> None:
        assert refusals(kubernetes={}) == [
            "kubernetes.context: is needed with 'apply: terraform': name the kubeconfig context of "
            "this cluster ('kubectl config get-contexts' lists them)."
        ]
        assert configured(kubernetes={"apply": "manifests"}).kubernetes.context is None

    def test_mistakes_in_several_parts_are_told_together(self) -> None:
        with pytest.raises(ConfigError) as caught:
            validate({"cluster": "A", "workloads": [{"namespace": "b"}], "backend": {"type": "s3"}})
        assert caught.value.places == (
            ("aws",),
            ("backend", "bucket"),
            ("backend", "region"),
            ("cluster",),
            ("issuer",),
            ("kubernetes",),
            ("workloads", 0, "service_account"),
        )

    def test_state_lies_in_the_project_unless_a_bucket_is_named(self) -> None:
        assert configured().backend == LocalBackend()
        s3 = {"type": "s3", "bucket": "state", "region": "eu-west-1"}
        assert configured(backend=s3).backend.model_dump() == s3 | {"key_prefix": "oidc-iam"}
