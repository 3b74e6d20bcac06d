"""One federation as one immutable value, from which everything else follows.

Comes from `clusters/NAME.yaml` (`federation.yaml.files`) or from the wizard's answers, and goes to
the stacks, the manifests, the doctor and the reports. Each field's description is shown in three
places: the JSON Schema, the comments of a saved file, and the wizard's help.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
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
        title="Bucket",
        description="The name of the bucket; a deploy creates it. The issuer is then "
        "https://BUCKET.s3.REGION.amazonaws.com.",
    )
    keys: Annotated[tuple[fields.KeyFile, ...], Field(min_length=1, strict=False)] = Field(
        title="Public keys",
        description="The public keys of the API servers: all PEM files of "
        "--service-account-key-file, or the key set that 'python -m wizard jwks "
        "--from-cluster' writes. Relative paths start at the project's folder. Never a private "
        "key.",
    )
    acm_certificate_arn: fields.CertificateArn | None = Field(
        None,
        title="Certificate arn",
        description="A certificate for the issuer's host, in us-east-1. The bucket is then "
        "private, and CloudFront serves the documents under your own name.",
    )


class Discovery(_Part):
    """How AWS and anyone who checks get the cluster's two discovery documents."""

    hosting: Literal["apiserver", "s3"] = Field(
        "apiserver",
        title="Hosting",
        description="What serves the documents: 'apiserver', or 's3' (a bucket, if AWS cannot or "
        "should not reach the API servers).",
    )
    s3: Bucket | None = Field(
        None, description="The bucket, with 'hosting: s3': its name (bucket), and the public keys."
    )
    exposure: Literal["binding", "authentication-config", "none"] = Field(
        "binding",
        title="Exposure",
        description="How the API server shows the documents to AWS, which asks anonymously: "
        "'binding' (a ClusterRoleBinding), 'authentication-config' (the binding, and a list of "
        "allowed anonymous paths, which 'python -m wizard apiserver' shows: Kubernetes 1.31 or "
        "newer), or 'none' (something else serves them; the default with 'hosting: s3').",
    )
    endpoint: fields.DiscoveryEndpoint | None = Field(
        None,
        title="Discovery endpoint",
        description="Where this machine connects for the certificate and the documents, as "
        "https://HOST[:PORT], if not to the issuer: an internal name or a load balancer. The "
        "issuer stays the same.",
    )
    thumbprint: fields.Thumbprint = Field(
        "endpoint",
        title="Thumbprint",
        description="The thumbprint of the OIDC provider: 'endpoint' (of the top certificate of "
        "the served chain), 'omit' (IAM decides; the default with 'hosting: s3'), or a list of "
        "1 to 5 SHA-1 digests.",
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

    region: fields.Region = Field(
        title="Region", description="The region that pods use, like eu-west-1."
    )
    account_id: fields.AccountId | None = Field(
        None,
        title="Account id",
        description="The account's 12 digits, in quotes. If set, deploys to any other account "
        "are refused.",
    )
    oidc_provider: fields.OidcProvider = Field(
        "create",
        title="OIDC provider",
        description="The account's OIDC provider for the issuer: 'create', or the ARN of an "
        "existing one that is managed elsewhere. It must already list the audiences; its "
        "thumbprint is not changed.",
    )
    permissions_boundary: fields.PolicyArn | None = Field(
        None,
        title="Permissions boundary",
        description="The ARN of a policy that limits every role.",
    )
    tags: fields.Tags = Field(
        default_factory=dict, title="Tags", description="Tags on everything created in AWS."
    )
    endpoint_url: fields.EndpointUrl | None = Field(
        None,
        title="Endpoint url",
        description="Another address for AWS, such as moto or LocalStack.",
    )
    max_retries: Annotated[int, Field(ge=0, le=100)] | None = Field(
        None,
        title="Max retries",
        description="How often a throttled request is retried; the AWS provider's default of 25 "
        "takes many minutes.",
    )


class Kubernetes(_Part):
    """The cluster whose pods get roles, and how its objects are applied."""

    apply: Literal["terraform", "manifests"] = Field(
        "terraform",
        title="Apply",
        description="'terraform', or 'manifests' for GitOps and for clusters that Terraform may "
        "not reach: the objects are then written as YAML.",
    )
    context: fields.Plain | None = Field(
        None,
        title="Context",
        description="The kubeconfig context to use. Required when Terraform applies the objects, "
        "so that they never go to the wrong cluster.",
    )
    kubeconfig: fields.Plain | None = Field(
        None,
        title="Kubeconfig",
        description="The kubeconfig file; a relative path starts at the project's folder. null: "
        "KUBECONFIG, or else ~/.kube/config.",
    )
    version: fields.KubernetesVersion | None = Field(
        None,
        title="Kubernetes version",
        description='The version of the oldest API server, like "1.34", in quotes: it decides '
        "what can be set.",
    )
    distribution: DistributionName | None = Field(
        None,
        title="Distribution",
        description="What runs the control plane; it decides where the API server's flags go: "
        f"{', '.join(DISTRIBUTIONS[:-1])} or {DISTRIBUTIONS[-1]}.",
    )
    test_pod_image: fields.Image = Field(
        "amazon/aws-cli:2.32.8",
        title="Image of test pods",
        description="The image of test pods, with a tag or a digest. It must have the AWS CLI and "
        "a shell. Name a mirror if the nodes cannot pull from Docker Hub.",
    )

    def kubeconfig_path(self, project: Path) -> Path | None:
        """The configured kubeconfig; None if it is searched for as kubectl does.

        Args:
            project: The folder at which a relative path starts.
        """
        return project / Path(self.kubeconfig).expanduser() if self.kubeconfig else None

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
        title="Role name",
        description="The role's name. null: CLUSTER_NAMESPACE_SERVICE-ACCOUNT, shortened with a "
        "hash if it is too long.",
    )
    managed_policy_arns: Annotated[tuple[fields.Policy, ...], Field(strict=False)] = Field(
        (DEFAULT_POLICY,),
        title="Policies",
        description="Policies to attach: ARNs, or AWS managed policies by name with their path.",
    )
    path: fields.Path = Field("/", title="Role path", description="The role's path.")
    max_session_duration: Annotated[int, Field(ge=3600, le=43200)] = Field(
        3600,
        title="Max session duration",
        description="The longest session in seconds, 3600 to 43200.",
    )

    @property
    def settings(self) -> dict[str, str | int | None]:
        """What IAM keeps on the role itself, by the AWS provider's names; Terraform sets it."""
        return {name: getattr(self, name) for name in ROLE_SETTINGS}


ROLE_SETTINGS = tuple(
    name for name in Role.model_fields if name not in ("name", "managed_policy_arns")
)
"""The fields of a role that IAM keeps on it, neither its name nor what is attached."""


class Workload(_Part):
    """One service account and the role that its pods may assume."""

    namespace: fields.Label = Field(
        title="Namespace", description="The namespace of the service account."
    )
    service_account: fields.Subdomain = Field(
        title="Service account",
        description="The service account. A deploy creates it, except 'default', which every "
        "namespace has.",
    )
    create_namespace: bool = Field(
        False,
        title="Create namespace",
        description="Create the namespace, instead of using an existing one. A destroy is "
        "refused while other people's objects are in it.",
    )
    role: Role = Field(default_factory=Role, description="The IAM role.")
    token_expiration_seconds: Annotated[int, Field(ge=600, le=2**32)] = Field(
        3600,
        title="Token expiration",
        description="The life of the projected token in seconds, 600 or more; the kubelet "
        "refreshes it at 80 %.",
    )
    trust: Literal["service-account", "audience-only"] = Field(
        "service-account",
        title="Trust",
        description="Who may assume the role: 'service-account' (only this one), or "
        "'audience-only' (any pod of the cluster: not recommended).",
    )
    test_pod: bool = Field(
        False,
        title="Test pod",
        description="Run a pod with the AWS CLI, to try the role from inside the cluster.",
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

    type: Literal["local"] = Field("local", title="State backend")


class S3Backend(_Part):
    """Terraform state in a bucket, locked by S3 itself (Terraform 1.10 or newer)."""

    type: Literal["s3"] = Field("s3", title="State backend")
    bucket: fields.Bucket = Field(
        title="State bucket", description="The bucket that holds the state; it must exist."
    )
    region: fields.Region = Field(title="State region", description="The region of the bucket.")
    key_prefix: fields.KeyPrefix = Field(
        "oidc-iam",
        title="State key prefix",
        description="Where in the bucket: KEY_PREFIX/STACK.tfstate.",
    )


class Acceptance(_Part):
    """A finding of the linter that somebody decided to live with, for a while."""

    code: fields.Code = Field(description="The finding's code, like 'audience-only-trust'.")
    workload: fields.Plain | None = Field(
        None,
        description="NAMESPACE/SERVICE_ACCOUNT: accepted only for this workload. null: for all.",
    )
    reason: fields.Plain = Field(description="Why, in one line for reviewers.")
    until: fields.Day = Field(
        description="The last day on which it is accepted, as 'YYYY-MM-DD' in quotes."
    )


class Lint(_Part):
    """What 'python -m wizard lint' makes of its findings."""

    accept: Annotated[tuple[Acceptance, ...], Field(strict=False)] = Field(
        (),
        title="Accepted findings",
        description="Accepted findings, each with its code, a reason, the last day ('until'), "
        "and a workload if it is accepted only for that one.",
    )


def bucket_url(bucket: str, region: str) -> str:
    """The address at which a bucket serves its objects (S3 user guide, "Virtual hosting of general
    purpose buckets")."""
    return f"https://{bucket}.s3.{region}.{dns_suffix(partitions()[region])}"


class ClusterConfig(_Part):
    """A federation between one cluster and one AWS account."""

    cluster: fields.Label = Field(
        title="Cluster",
        description="The name of the cluster in this project: part of the names of stacks and "
        "roles.",
    )
    issuer: fields.Issuer = Field(
        title="Cluster DNS",
        description="The cluster's issuer, https://CLUSTER-DNS: the API server's first "
        "--service-account-issuer, byte for byte. AWS reads the documents there, on port 443.",
    )
    audience: fields.Audiences = Field(
        ("sts.amazonaws.com",),
        title="Audience",
        description="The audience of the tokens, or a list; pods ask for the first.",
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
                    f"{quoted(each.workload)} is not a workload of this configuration: write one "
                    f"as NAMESPACE/SERVICE_ACCOUNT.{fields.did_you_mean(each.workload, workloads)}",
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
