"""One federation as one immutable value, from which everything else follows.

Comes from `clusters/NAME.yaml` (`federation.yaml.files`) or from the wizard's answers, and goes to
the stacks, the manifests, the doctor and the reports. Each field's description is shown in three
places: the JSON Schema, the comments of a saved file, and the wizard's help.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from federation.model import fields, names
from federation.model.regions import dns_suffix, partitions
from formats.escaping import quoted

STACKS = ("discovery", "identity", "workloads")
"""The stacks of a cluster, in the order in which they are applied."""

TOKEN_DIRECTORY = "/var/run/secrets/oidc-iam/serviceaccount"
TOKEN_FILE = f"{TOKEN_DIRECTORY}/token"
"""Where a workload's pods find the token (`AWS_WEB_IDENTITY_TOKEN_FILE`)."""

DistributionName = Literal[
    "plain", "kubeadm", "k3s", "rke2", "talos", "kops", "k0s", "kubespray", "cluster-api"
]
DISTRIBUTIONS: tuple[str, ...] = get_args(DistributionName)
"""What may run a control plane; `apiserver.distributions` has what there is to know of each."""

ANONYMOUS_PATHS_MINOR = 31
"""From 1.31 on an API server can restrict anonymous requests to paths (KEP-4633)."""

DEFAULT_POLICY = "job-function/ViewOnlyAccess"
_EXISTING_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Bucket(_Part):
    """The bucket that serves the two discovery documents, where the API server does not."""

    bucket: fields.DiscoveryBucket = Field(
        description="The name of the bucket, which a deploy makes. The issuer follows from it: "
        "https://BUCKET.s3.REGION.amazonaws.com."
    )
    keys: Annotated[tuple[fields.KeyFile, ...], Field(min_length=1, strict=False)] = Field(
        description="The public keys of the API servers: PEM files, all of those of "
        "--service-account-key-file, or the key set that 'python -m wizard jwks --from-cluster' "
        "writes; relative paths start at the project's folder. Never a private key."
    )
    acm_certificate_arn: fields.CertificateArn | None = Field(
        None,
        description="A certificate for the issuer's host, in us-east-1. With it the bucket is "
        "private, and CloudFront serves the documents under a name of your own.",
    )


class Discovery(_Part):
    """How AWS, and whoever checks, gets at the cluster's two discovery documents."""

    hosting: Literal["apiserver", "s3"] = Field(
        "apiserver",
        description="What serves the documents: 'apiserver', or 's3' (a bucket, for API servers "
        "that AWS cannot or should not reach).",
    )
    s3: Bucket | None = Field(
        None, description="The bucket, with 'hosting: s3': its name (bucket), and the public keys."
    )
    exposure: Literal["binding", "authentication-config", "none"] = Field(
        "binding",
        description="How the API server shows the documents to AWS, which asks anonymously: "
        "'binding' (a ClusterRoleBinding), 'authentication-config' (the binding, and an allowlist "
        "of anonymous paths, which 'python -m wizard apiserver' shows: Kubernetes 1.31 or newer), "
        "or 'none' (something else serves them; the default with 'hosting: s3').",
    )
    endpoint: fields.DiscoveryEndpoint | None = Field(
        None,
        description="Where to connect from here for the certificate and the documents, as "
        "https://HOST[:PORT], where that is not the issuer's own address: an internal name or a "
        "load balancer. The issuer itself stays as it is.",
    )
    thumbprint: fields.Thumbprint = Field(
        "endpoint",
        description="The thumbprint of the OIDC provider: 'endpoint' (of the certificate on top "
        "of the chain that is served), 'omit' (IAM decides; the default with 'hosting: s3'), or a "
        "list of 1 to 5 SHA-1 digests.",
    )

    @model_validator(mode="before")
    @classmethod
    def _follows_its_hosting(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("hosting") == "s3":
            # AWS knows the authority of S3 and CloudFront, and reads nothing from the API server.
            return {"exposure": "none", "thumbprint": "omit", **given}
        return given

    @model_validator(mode="after")
    def _has_what_hosts(self) -> Self:
        if self.hosting == "s3" and self.s3 is None:
            raise _error(
                ("s3",), "is needed with 'hosting: s3': write its bucket, and the public keys."
            )
        if self.hosting == "apiserver" and self.s3 is not None:
            raise _error(
                ("s3",),
                "does nothing with 'hosting: apiserver': remove it, or write 'hosting: s3'.",
            )
        return self


class Aws(_Part):
    """The account that trusts the cluster."""

    region: fields.Region = Field(description="The region that pods use, like eu-west-1.")
    account_id: fields.AccountId | None = Field(
        None,
        description="The account's 12 digits, in quotes. With it, nothing is ever applied to "
        "another account.",
    )
    oidc_provider: fields.OidcProvider = Field(
        "create",
        description="The account's OIDC provider for the issuer: 'create', or the ARN of one that "
        "something else manages. Its audiences have to be there, and its thumbprint stays.",
    )
    endpoint_url: fields.EndpointUrl | None = Field(
        None, description="Another address for AWS, for moto or LocalStack."
    )
    permissions_boundary: fields.PolicyArn | None = Field(
        None, description="The ARN of a policy that bounds every role."
    )
    tags: fields.Tags = Field(
        default_factory=dict, description="Tags on everything that is made in AWS."
    )
    max_retries: Annotated[int, Field(ge=0, le=100)] | None = Field(
        None,
        description="How often a throttled request is tried again; the AWS provider's default "
        "is 25, which takes many minutes.",
    )


class Kubernetes(_Part):
    """The cluster whose pods get roles, and how its objects are applied."""

    apply: Literal["terraform", "manifests"] = Field(
        "terraform",
        description="'terraform', or 'manifests' for GitOps and for clusters that Terraform may "
        "not reach: then the objects are written as YAML.",
    )
    kubeconfig: fields.Plain | None = Field(
        None,
        description="The kubeconfig file; a relative path starts at the project's folder. null: "
        "KUBECONFIG, or else ~/.kube/config.",
    )
    context: fields.Plain | None = Field(
        None,
        description="The context in it. Needed with 'apply: terraform', so that nothing is ever "
        "applied to whatever cluster is current.",
    )
    version: fields.KubernetesVersion | None = Field(
        None,
        description='The version of the API servers, the oldest one\'s, like "1.34", in quotes: '
        "what can be set on them depends on it.",
    )
    distribution: DistributionName | None = Field(
        None,
        description="What runs the control plane, and so where the API server's flags go: "
        f"{', '.join(DISTRIBUTIONS[:-1])} or {DISTRIBUTIONS[-1]}.",
    )

    @property
    def minor(self) -> int | None:
        """The minor version, 34 of 1.34, where a version is configured."""
        return int(self.version.partition(".")[2]) if self.version else None

    @model_validator(mode="after")
    def _names_its_cluster(self) -> Self:
        if self.apply == "terraform" and self.context is None:
            raise _error(
                ("context",),
                "is needed with 'apply: terraform': name the kubeconfig context of this cluster "
                "('kubectl config get-contexts' lists them).",
            )
        return self


class Role(_Part):
    """The IAM role of a workload; the names are the AWS provider's own."""

    name: fields.RoleName | None = Field(
        None,
        description="The role's name. null: CLUSTER_NAMESPACE_SERVICE-ACCOUNT, shortened with a "
        "hash where it is too long.",
    )
    path: fields.Path = Field("/", description="The role's path.")
    managed_policy_arns: Annotated[tuple[fields.Policy, ...], Field(strict=False)] = Field(
        (DEFAULT_POLICY,),
        description="Policies to attach: ARNs, or AWS managed policies by name with their path.",
    )
    max_session_duration: Annotated[int, Field(ge=3600, le=43200)] = Field(
        3600, description="The longest session in seconds, 3600 to 43200."
    )


class Workload(_Part):
    """One service account and the role that its pods may assume."""

    namespace: fields.Label = Field(description="The namespace of the service account.")
    create_namespace: bool = Field(
        False,
        description="Make the namespace, instead of taking it as it is. Destroying refuses while "
        "anything of others is in it.",
    )
    service_account: fields.Subdomain = Field(
        description="The service account. A deploy makes it, except 'default', which each "
        "namespace has."
    )
    token_expiration_seconds: Annotated[int, Field(ge=600, le=2**32)] = Field(
        3600,
        description="The life of the projected token in seconds, 600 or more; the kubelet "
        "refreshes it at 80 %.",
    )
    role: Role = Field(default_factory=Role, description="The IAM role.")
    trust: Literal["service-account", "audience-only"] = Field(
        "service-account",
        description="Who may assume the role: 'service-account' (this one alone), or "
        "'audience-only' (any pod of the cluster: not recommended).",
    )
    test_pod: bool = Field(
        False, description="Run a pod with the AWS CLI, to try the role from inside the cluster."
    )

    @property
    def subject(self) -> str:
        """The `sub` claim of the workload's tokens."""
        return names.subject(self.namespace, self.service_account)

    @property
    def config_map(self) -> str:
        """The name of the ConfigMap with the AWS environment."""
        return names.config_map_name(self.service_account)

    @property
    def terraform_name(self) -> str:
        """The name of the workload's Terraform resources."""
        return names.terraform_name(self.namespace, self.service_account)

    @model_validator(mode="after")
    def _makes_only_what_is_not_there(self) -> Self:
        if self.create_namespace and self.namespace in _EXISTING_NAMESPACES:
            raise _error(
                ("create_namespace",),
                f"the namespace {self.namespace!r} exists in every cluster: write false.",
            )
        return self


class LocalBackend(_Part):
    """Terraform state in the project's `state/` folder."""

    type: Literal["local"] = "local"


class S3Backend(_Part):
    """Terraform state in a bucket, locked by S3 itself (Terraform 1.10 or newer)."""

    type: Literal["s3"] = "s3"
    bucket: fields.Bucket = Field(description="The bucket that holds the state; it must exist.")
    region: fields.Region = Field(description="The region of the bucket.")
    key_prefix: fields.KeyPrefix = Field(
        "oidc-iam", description="Where in the bucket: KEY_PREFIX/STACK.tfstate."
    )


class Acceptance(_Part):
    """A finding of the linter that somebody decided to live with, for a while."""

    code: fields.Code = Field(description="The finding's code, like 'audience-only-trust'.")
    workload: fields.Plain | None = Field(
        None,
        description="NAMESPACE/SERVICE_ACCOUNT: accepted for this workload alone. null: wherever "
        "it is found.",
    )
    reason: fields.Plain = Field(description="Why, in one line for whoever reviews it.")
    until: fields.Day = Field(
        description="The last day on which it is accepted, as 'YYYY-MM-DD' in quotes."
    )


class Lint(_Part):
    """What 'python -m wizard lint' makes of its findings."""

    accept: Annotated[tuple[Acceptance, ...], Field(strict=False)] = Field(
        (),
        description="Findings that are accepted, each with its code, a reason, the last day "
        "('until'), and the workload where it is accepted for that one alone.",
    )


def bucket_url(bucket: str, region: str) -> str:
    """The address at which a bucket serves its objects (S3 user guide, "Virtual hosting of general
    purpose buckets")."""
    return f"https://{bucket}.s3.{region}.{dns_suffix(partitions()[region])}"


class ClusterConfig(_Part):
    """A federation between one cluster and one AWS account."""

    cluster: fields.Label = Field(
        description="The name of the cluster here: of the stacks, and in role names."
    )
    issuer: fields.Issuer = Field(
        description="The cluster's issuer, https://CLUSTER-DNS: what the API server has as its "
        "first --service-account-issuer, byte for byte. AWS reads the documents there, on 443."
    )
    audience: fields.Audiences = Field(
        ("sts.amazonaws.com",),
        description="The audience of the tokens, or a list; the first is what pods ask for.",
    )
    discovery: Discovery = Field(default_factory=Discovery)
    aws: Aws
    kubernetes: Kubernetes
    workloads: Annotated[tuple[Workload, ...], Field(min_length=1, strict=False)]
    backend: Annotated[LocalBackend | S3Backend, Field(discriminator="type")] = Field(
        default_factory=LocalBackend,
        description="Where Terraform keeps its state: 'local' (the folder state/) or 's3'.",
    )
    lint: Lint = Field(default_factory=Lint)

    @property
    def issuer_key(self) -> str:
        """The issuer without its scheme, as in condition keys and in the provider's ARN."""
        return names.issuer_key(self.issuer)

    @property
    def issuer_host(self) -> str:
        """The host that certificates must be for."""
        return self.issuer_key.partition("/")[0]

    @property
    def discovery_address(self) -> tuple[str, int]:
        """Host and port to connect to for the certificate and the documents."""
        parts = urlsplit(self.discovery.endpoint or self.issuer)
        return parts.hostname or "", parts.port or 443

    @property
    def openid_configuration_url(self) -> str:
        """The discovery document (OpenID Connect Discovery 1.0, section 4)."""
        return f"{self.issuer}/.well-known/openid-configuration"

    @property
    def jwks_uri(self) -> str:
        """The public keys: what `--service-account-jwks-uri` is set to."""
        return f"{self.issuer}/openid/v1/jwks"

    @property
    def bucket_url(self) -> str | None:
        """The address of the bucket; None without one."""
        if self.discovery.s3 is None:
            return None
        return bucket_url(self.discovery.s3.bucket, self.aws.region)

    @property
    def partition(self) -> str:
        """The AWS partition: `aws`, `aws-cn`, `aws-us-gov`, ..."""
        return partitions()[self.aws.region]

    @property
    def pod_audience(self) -> str:
        """The audience that pods ask for."""
        return self.audience[0]

    def stack(self, kind: str) -> str:
        """The name of one of the cluster's stacks; `kind` is one of `STACKS`."""
        return f"{self.cluster}-{kind}"

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks of this configuration, in the order in which they are applied."""
        kinds: tuple[str, ...] = STACKS
        if self.kubernetes.apply == "manifests":
            kinds = ("discovery", "identity") if self.discovery.s3 else ("identity",)
        return tuple(self.stack(kind) for kind in kinds)

    @property
    def namespaces_to_create(self) -> tuple[str, ...]:
        """The namespaces that some workload wants made, each once."""
        wanted = (each.namespace for each in self.workloads if each.create_namespace)
        return tuple(dict.fromkeys(wanted))

    @property
    def existing_namespaces(self) -> tuple[str, ...]:
        """The namespaces that are used and not made, besides those of each cluster."""
        made = {*self.namespaces_to_create, *_EXISTING_NAMESPACES}
        used = dict.fromkeys(each.namespace for each in self.workloads)
        return tuple(name for name in used if name not in made)

    @property
    def test_pods(self) -> dict[str, Workload]:
        """The test pods as `NAMESPACE/NAME`; the first of a namespace is `awscli`, as in the
        field's examples."""
        pods: dict[str, Workload] = {}
        for workload in self.workloads:
            if workload.test_pod:
                first = f"{workload.namespace}/awscli"
                name = names.fit(f"awscli-{workload.service_account}", names.OBJECT_NAME_LIMIT)
                pods[f"{workload.namespace}/{name}" if first in pods else first] = workload
        return pods

    def role_name(self, workload: Workload) -> str:
        """The name of the workload's role, given or derived."""
        return workload.role.name or names.role_name(
            self.cluster, workload.namespace, workload.service_account
        )

    @property
    def account_id(self) -> str | None:
        """The account, where it is configured, or named by the ARN of an adopted provider."""
        if self.aws.account_id is None and self.aws.oidc_provider != "create":
            return self.aws.oidc_provider.split(":")[4]
        return self.aws.account_id

    def role_arn(self, workload: Workload, account_id: str | None = None) -> str | None:
        """The ARN of the workload's role; None if neither the configuration nor the caller names
        the account."""
        account = self.account_id or account_id
        if account is None:
            return None
        name = f"{workload.role.path}{self.role_name(workload)}"
        return f"arn:{self.partition}:iam::{account}:role{name}"

    def provider_arn(self) -> str | None:
        """The ARN of the OIDC provider, where it or the account is configured."""
        if self.aws.oidc_provider != "create":
            return self.aws.oidc_provider
        if self.account_id is None:
            return None
        return self.arn(f"oidc-provider/{self.issuer_key}")

    def arn(self, resource: str) -> str:
        """The ARN of an IAM resource in the configured account and partition."""
        return f"arn:{self.partition}:iam::{self.account_id}:{resource}"

    def policy_arn(self, policy: str) -> str:
        """The ARN of a policy that may be given by name (AWS managed policies)."""
        return (
            policy
            if policy.startswith("arn:")
            else f"arn:{self.partition}:iam::aws:policy/{policy}"
        )

    def environment(self, role_arn: str) -> dict[str, str]:
        """What the AWS SDKs need in a pod ("Assume role credential provider", AWS SDKs guide)."""
        return {
            "AWS_DEFAULT_REGION": self.aws.region,
            "AWS_REGION": self.aws.region,
            "AWS_ROLE_ARN": role_arn,
            "AWS_STS_REGIONAL_ENDPOINTS": "regional",
            "AWS_WEB_IDENTITY_TOKEN_FILE": TOKEN_FILE,
        }

    @model_validator(mode="after")
    def _has_no_twins(self) -> Self:
        if len(set(self.audience)) < len(self.audience):
            raise _error(("audience",), "an audience is listed twice: remove one.")
        seen: dict[tuple[str, str], int] = {}
        for at, workload in enumerate(self.workloads):
            first = seen.setdefault((workload.namespace, workload.service_account), at)
            if first != at:
                raise _error(
                    ("workloads", at),
                    f"the service account {workload.namespace}/{workload.service_account} is "
                    f"listed already as workloads[{first}]: remove one.",
                )
        return self

    @model_validator(mode="after")
    def _can_restrict_anonymous_requests(self) -> Self:
        minor = self.kubernetes.minor
        allowlist = self.discovery.exposure == "authentication-config"
        if allowlist and minor is not None and minor < ANONYMOUS_PATHS_MINOR:
            raise _error(
                ("discovery", "exposure"),
                f"Kubernetes {self.kubernetes.version} cannot restrict anonymous requests to "
                f"paths, which came with 1.{ANONYMOUS_PATHS_MINOR} (KEP-4633): write 'binding', "
                "or upgrade.",
            )
        return self

    @model_validator(mode="after")
    def _is_issued_where_the_bucket_serves(self) -> Self:
        bucket = self.discovery.s3
        if bucket is None or bucket.acm_certificate_arn:
            return self
        url = str(self.bucket_url)
        if self.issuer != url and not self.issuer.startswith(f"{url}/"):
            raise _error(
                ("issuer",),
                f"is {quoted(self.issuer)}, but the bucket serves the documents at {url!r}: write "
                "that, or name a certificate for a host of your own "
                "(discovery.s3.acm_certificate_arn).",
            )
        return self

    @model_validator(mode="after")
    def _has_a_certificate_that_cloudfront_takes(self) -> Self:
        arn = self.discovery.s3.acm_certificate_arn if self.discovery.s3 else None
        if arn is None:
            return self
        place = ("discovery", "s3", "acm_certificate_arn")
        if self.partition != "aws":
            raise _error(
                place,
                f"CloudFront is set up in the partition 'aws' alone, and {self.aws.region} is in "
                f"{self.partition!r}: leave it out, and let the bucket serve.",
            )
        if arn.split(":")[4] != (self.aws.account_id or arn.split(":")[4]):
            raise _error(
                place,
                f"{arn!r} belongs to the account {arn.split(':')[4]}, and CloudFront takes "
                f"certificates of its own: write one of {self.aws.account_id}.",
            )
        if self.issuer_host.endswith((".amazonaws.com", ".cloudfront.net")):
            raise _error(
                ("issuer",),
                f"{quoted(self.issuer_host)} is a name of AWS, for which you have no certificate: "
                "write a host of your own.",
            )
        return self

    @model_validator(mode="after")
    def _has_distinct_roles(self) -> Self:
        seen: dict[str, int] = {}
        for at, workload in enumerate(self.workloads):
            name = self.role_name(workload)
            first = seen.setdefault(name.lower(), at)
            if first != at:
                raise _error(
                    ("workloads", at, "role", "name"),
                    f"{name!r} is the role of workloads[{first}] already (IAM takes no two names "
                    "that differ in case only): give one of them another name.",
                )
        return self

    @property
    def _arns(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Each policy's ARN that is written in the configuration, with its place."""
        for at, workload in enumerate(self.workloads):
            for position, policy in enumerate(workload.role.managed_policy_arns):
                if policy.startswith("arn:"):
                    yield ("workloads", at, "role", "managed_policy_arns", position), policy
        if self.aws.permissions_boundary:
            yield ("aws", "permissions_boundary"), self.aws.permissions_boundary

    @model_validator(mode="after")
    def _stays_in_its_account(self) -> Self:
        for place, arn in self._arns:
            account = arn.split(":")[4]
            if self.aws.account_id and account not in ("aws", self.aws.account_id):
                raise _error(
                    place,
                    f"{arn!r} belongs to the account {account}, and IAM attaches policies of "
                    f"{self.aws.account_id} and of AWS itself alone: write one of those.",
                )
        return self

    @model_validator(mode="after")
    def _stays_in_its_partition(self) -> Self:
        for place, arn in self._arns:
            if fields.partition_of_arn(arn) != self.partition:
                raise _error(
                    place,
                    f"{arn!r} belongs to the partition {fields.partition_of_arn(arn)!r}, but "
                    f"{self.aws.region} to {self.partition!r}: write "
                    f"'arn:{self.partition}:{arn.split(':', 2)[2]}'.",
                )
        return self

    @model_validator(mode="after")
    def _adopts_the_provider_of_its_issuer(self) -> Self:
        arn = self.aws.oidc_provider
        if arn == "create":
            return self
        account = self.aws.account_id or arn.split(":")[4]
        right = f"arn:{self.partition}:iam::{account}:oidc-provider/{self.issuer_key}"
        if arn != right:
            raise _error(
                ("aws", "oidc_provider"),
                f"is {quoted(arn)}, but the one for this issuer and account is {right!r}: write "
                "that, or 'create'.",
            )
        return self

    @model_validator(mode="after")
    def _attaches_each_policy_once(self) -> Self:
        for at, workload in enumerate(self.workloads):
            seen: dict[str, list[int]] = defaultdict(list)
            for position, policy in enumerate(workload.role.managed_policy_arns):
                seen[self.policy_arn(policy)].append(position)
            for arn, positions in seen.items():
                if len(positions) > 1:
                    raise _error(
                        ("workloads", at, "role", "managed_policy_arns", positions[1]),
                        f"{arn!r} is listed twice: remove one.",
                    )
        return self

    @model_validator(mode="after")
    def _accepts_for_its_own_workloads(self) -> Self:
        workloads = [f"{each.namespace}/{each.service_account}" for each in self.workloads]
        seen: dict[tuple[str, str | None], int] = {}
        for at, each in enumerate(self.lint.accept):
            if each.workload is not None and each.workload not in workloads:
                raise _error(
                    ("lint", "accept", at, "workload"),
                    f"{quoted(each.workload)} is no workload of this configuration: write one as "
                    f"NAMESPACE/SERVICE_ACCOUNT.{fields.did_you_mean(each.workload, workloads)}",
                )
            first = seen.setdefault((each.code, each.workload), at)
            if first != at:
                raise _error(
                    ("lint", "accept", at),
                    f"{each.code!r} is accepted as lint.accept[{first}] already: remove one.",
                )
        return self


def _error(place: tuple[str | int, ...], message: str) -> PydanticCustomError:
    """An error of a whole part, with the place inside it that `federation.yaml.files` shows."""
    context: dict[str, Any] = {"message": message, "place": place}
    return PydanticCustomError("misfit", "{message}", context)
