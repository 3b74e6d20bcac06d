"""What is to change on an API server for a federation, why, and what must not be done.

From a configuration and, where it is known, from the settings that run now. A refusal is something
that would stop the API server or lock clients out; with one, nothing is rendered.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from control_plane.authentication import DISCOVERY_PATHS, feature_gates
from control_plane.distributions import Distribution, Schema
from control_plane.settings import (
    ANONYMOUS_AUTH,
    AUDIENCES,
    AUTHENTICATION_CONFIG,
    DISCOVERY_GATE,
    FEATURE_GATES,
    ISSUER,
    JWKS_URI,
    KEY_FILE,
    NAMES,
    SIGNING_KEY_FILE,
    Settings,
    faults,
)
from federation.config import ANONYMOUS_PATHS_MINOR, ClusterConfig

AUTHENTICATION_FILE = "authentication-config.yaml"
"""The name of the AuthenticationConfiguration in the distribution's folder."""

_SEVERAL_ISSUERS = 22
_DISCOVERY_BY_DEFAULT = 20
_GATES_ON_SINCE = {
    DISCOVERY_GATE: _DISCOVERY_BY_DEFAULT,
    "AnonymousAuthConfigurableEndpoints": 32,
    "StructuredAuthenticationConfiguration": 30,
}
"""The feature gates of this matter, each with the minor version from which on it is on by default
(pkg/features and k8s.io/apiserver/pkg/features, 1.34; KEP-1393)."""
_K0S_SPARES_ANONYMOUS = 37


@dataclass(frozen=True)
class Target:
    """What a federation asks of a control plane.

    Attributes:
        config: the federation, with what is known of the control plane.
        distribution: what runs them.
        schema: the form in which the settings are written.
        kept_issuers: issuers that run now, as a person names them.
        is_new: whether no token was issued yet, so that nothing has to be kept.
    """

    config: ClusterConfig
    distribution: Distribution
    schema: Schema
    kept_issuers: tuple[str, ...] = ()
    is_new: bool = False

    @property
    def exposure(self) -> str:
        """How the documents are shown: `binding`, `authentication-config` or `none`."""
        return self.config.discovery.exposure

    @property
    def minor(self) -> int | None:
        """The minor version of the API servers, where it is known."""
        return self.config.kubernetes.minor

    @property
    def authentication_file(self) -> str:
        """Where our AuthenticationConfiguration lies, as the API server sees it."""
        return f"{self.distribution.folder}/{AUTHENTICATION_FILE}"


@dataclass(frozen=True)
class Change:
    """One flag that changes: what it is now, what it will be, and why."""

    flag: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Plan:
    """The settings that a target needs.

    Attributes:
        target: what was asked for.
        before: what runs now; None where it is not known.
        after: what is to run.
        changes: each flag that changes or is to be written.
        refusals: why nothing is rendered; empty where all is well.
        warnings: what to think about first.
    """

    target: Target
    before: Settings | None
    after: Settings
    changes: tuple[Change, ...]
    refusals: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def diff(self) -> str:
        """The flags before and after, as a unified diff; empty where nothing changes."""
        now, wanted = (
            [f"--{name}={value}" for name, value in settings.flags()]
            for settings in (self.before or Settings(), self.after)
        )
        context = len(now) + len(wanted)
        return "\n".join(difflib.unified_diff(now, wanted, "now", "wanted", n=context, lineterm=""))


def plan(target: Target, before: Settings | None) -> Plan:
    """What to change for a target.

    Args:
        target: what is asked for.
        before: the settings that run now; None where they are not known.
    """
    known = before or Settings()
    wanted = _Wanted(target, known)
    after = replace(
        known,
        issuers=wanted.issuers(),
        jwks_uri=target.config.jwks_uri,
        feature_gates=wanted.feature_gates(),
        authentication_config=wanted.authentication_config(),
        anonymous_auth=wanted.anonymous_auth(),
        signing_key_file=wanted.signing_key_file(),
    )
    return judged(target, before, after)


def judged(target: Target, before: Settings | None, after: Settings) -> Plan:
    """A plan with given settings: its changes, and what is to be said against it."""
    refusals = (*_refusals(target, before, after), *faults(after))
    return Plan(
        target,
        before,
        after,
        tuple(changes(target, before or Settings(), after)),
        tuple(dict.fromkeys(refusals)),
        tuple(dict.fromkeys(_warnings(target, before, after))),
    )


@dataclass(frozen=True)
class _Wanted:
    """Each setting that a target wants, given what runs now."""

    target: Target
    now: Settings

    def issuers(self) -> tuple[str, ...]:
        """The federation's issuer first; all others stay, in their order (facts of KEP-1393)."""
        target = self.target
        own = target.config.issuer
        kept: tuple[str, ...] = () if target.is_new else (*self.now.issuers, *target.kept_issuers)
        if not kept and not target.is_new:
            kept = _default_issuers(target)
        return tuple(dict.fromkeys((own, *kept)))

    def feature_gates(self) -> tuple[str, ...]:
        minor = self.target.minor
        if minor is None:
            return self.now.feature_gates
        needed: tuple[str, ...] = ()
        if minor < _DISCOVERY_BY_DEFAULT:
            needed = (f"{DISCOVERY_GATE}=true",)
        if self.target.exposure == "authentication-config":
            needed += feature_gates(minor)
        # What is on by default now is forgotten by a later version, which then does not start.
        spent = {gate for gate, default in _GATES_ON_SINCE.items() if minor >= default}
        kept = [gate for gate in self.now.feature_gates if gate.partition("=")[0] not in spent]
        return tuple(dict.fromkeys((*kept, *needed)))

    def authentication_config(self) -> str | None:
        target = self.target
        own = target.authentication_file
        if target.exposure == "authentication-config":
            return self.now.authentication_config or own
        # Going back from the allowlist to the binding takes our file away again.
        return None if self.now.authentication_config == own else self.now.authentication_config

    def anonymous_auth(self) -> str | None:
        target = self.target
        if target.exposure == "none":
            return self.now.anonymous_auth
        if target.exposure == "authentication-config" or target.schema.name == "v1.14":
            return None
        return None if target.distribution.anonymous else "true"

    def signing_key_file(self) -> str | None:
        old_kubeadm = self.target.distribution.kubeadm and (self.target.minor or 34) < 20
        default = "/etc/kubernetes/pki/sa.key" if old_kubeadm else None
        return self.now.signing_key_file or default


def _default_issuers(target: Target) -> tuple[str, ...]:
    own = target.distribution
    sets = own.issuer is not None and (target.minor is None or target.minor >= own.issuer_since)
    return (own.issuer,) if own.issuer and sets else ()


def changes(target: Target, before: Settings, after: Settings) -> Iterator[Change]:
    """Each flag whose values differ, with the reason for it."""
    for name in NAMES:
        pair = before.values(name), after.values(name)
        if pair[0] != pair[1]:
            yield Change(name, *pair, _reason(name, target, before, after))


def _reason(name: str, target: Target, before: Settings, after: Settings) -> str:
    if name == ISSUER:
        return _issuer_reason(target, before, after)
    if name == ANONYMOUS_AUTH and after.anonymous_auth is None:
        return (
            "The API server does not start with it beside an AuthenticationConfiguration that has "
            "'anonymous' (KEP-4633)."
            if after.authentication_config
            else "AWS reads the documents without credentials; taking anonymous requests is what "
            "the API server does where the flag is not given."
        )
    return {
        JWKS_URI: "Without it the discovery document names the API server's own address, often a "
        "private one or on port 6443, and AWS reads the keys on 443.",
        KEY_FILE: "Every key with which a living token was signed stays, or the token fails.",
        SIGNING_KEY_FILE: "Tokens are signed with this key from now on.",
        FEATURE_GATES: _gate_reason(target.minor),
        AUTHENTICATION_CONFIG: "Anonymous requests are restricted to the paths of the file."
        if after.authentication_config
        else "The allowlist of anonymous paths goes away with it.",
        ANONYMOUS_AUTH: f"{target.distribution.title} refuses anonymous requests by itself, and "
        "AWS would get 401.",
        AUDIENCES: "Without it the audiences that log in would be the issuers that remain, and "
        "tokens that were asked for a former one by name would fail.",
    }[name]


def _issuer_reason(target: Target, before: Settings, after: Settings) -> str:
    gone = [issuer for issuer in before.issuers if issuer not in after.issuers]
    if gone:
        return f"Nothing that is alive carries {gone[0]} any more."
    if len(after.issuers) == 1:
        return "Tokens carry it as 'iss', and AWS compares it byte for byte."
    if after.issuers[0] != target.config.issuer:
        return "The last one is accepted from now on; the first one signs as before."
    return "The first one signs. The others are accepted, so that tokens in use stay valid."


def _gate_reason(minor: int | None) -> str:
    if minor is not None and minor < _DISCOVERY_BY_DEFAULT:
        return f"{DISCOVERY_GATE} is off by default before 1.{_DISCOVERY_BY_DEFAULT}."
    if feature_gates(minor):
        return f"{feature_gates(minor)[0]} because it is alpha in 1.{minor}, and off by default."
    return "What is on by default needs no gate, and a gate that a version forgot stops it."


def _refusals(target: Target, before: Settings | None, after: Settings) -> Iterator[str]:
    if before is not None:
        yield from _of_what_runs(target, before)
    yield from _of_version(target, after)
    yield from _of_form(target, after)
    yield from _of_keys(target, before or Settings(), after)
    if before is None and not target.is_new and len(after.issuers) == 1:
        yield from _of_ignorance(target)
    if target.exposure == "authentication-config":
        yield from _of_allowlist(target)
    if target.exposure == "binding":
        yield from _of_binding(target)


def _of_what_runs(target: Target, before: Settings) -> Iterator[str]:
    if before.authentication_config and before.oidc:
        yield (
            f"What was given has --{AUTHENTICATION_CONFIG} and --{before.oidc[0][0]}, with which "
            "no API server starts: it is not what runs."
        )
    elif before.oidc and target.exposure == "authentication-config":
        yield (
            f"--{before.oidc[0][0]} and an AuthenticationConfiguration stop the API server. Move "
            "it into the file's 'jwt:' and remove the --oidc-* flags first:\n"
            f"{authentication_jwt(dict(before.oidc))}"
        )
    if dict(before.oidc).get("oidc-issuer-url") == target.config.issuer:
        yield (
            f"{target.config.issuer} is the --oidc-issuer-url of people already: tokens of service "
            "accounts need an issuer of their own."
        )
    if any(flag == "service-account-signing-endpoint" for flag, _ in before.others):
        yield (
            "--service-account-signing-endpoint: another program signs the tokens and says what "
            "the issuer's keys are. Set the issuer there."
        )


def authentication_jwt(oidc: Mapping[str, str]) -> str:
    """The part `jwt:` that says the same as `--oidc-*` flags (`ToAuthenticationConfig`)."""
    issuer = oidc.get("oidc-issuer-url", "")
    claim = oidc.get("oidc-username-claim", "sub")
    prefix = oidc.get("oidc-username-prefix") or ("" if claim == "email" else f"{issuer}#")
    lines = [
        "jwt:",
        "  - issuer:",
        f'      url: "{issuer}"',
        f'      audiences: ["{oidc.get("oidc-client-id", "")}"]',
        "    claimMappings:",
        f'      username: {{claim: "{claim}", prefix: "{"" if prefix == "-" else prefix}"}}',
    ]
    if "oidc-ca-file" in oidc:
        lines.insert(
            4, f"      certificateAuthority: |  # the content of {oidc['oidc-ca-file']}, indented"
        )
    if "oidc-groups-claim" in oidc:
        group = f'claim: "{oidc["oidc-groups-claim"]}", prefix: '
        lines.append(f'      groups: {{{group}"{oidc.get("oidc-groups-prefix", "")}"}}')
    if "oidc-required-claim" in oidc:
        name, _, value = oidc["oidc-required-claim"].partition("=")
        lines.append(f'    claimValidationRules: [{{claim: "{name}", requiredValue: "{value}"}}]')
    return "\n".join(f"    {line}" for line in lines)


def _of_version(target: Target, after: Settings) -> Iterator[str]:
    minor = target.minor
    if minor is not None and minor < _SEVERAL_ISSUERS and len(after.issuers) > 1:
        yield (
            f"Kubernetes 1.{minor} takes one issuer, and {after.issuers[1]} is in use: every token "
            f"that carries it would fail at once. Upgrade to 1.{_SEVERAL_ISSUERS} first, which "
            "accepts several."
        )
    if not target.schema.takes(minor):
        yield (
            f"Kubernetes 1.{minor} does not fit {target.distribution.title} "
            f"{target.schema.name} ({target.schema.source})."
        )


def _of_form(target: Target, after: Settings) -> Iterator[str]:
    repeated = [name for name in (ISSUER, KEY_FILE) if len(after.values(name)) > 1]
    if repeated and not target.schema.repeats:
        way_out = (
            _FORMS_THAT_REPEAT[target.distribution.name]
            if repeated[0] == ISSUER
            else "Way out: one PEM file with both public keys, which kube-apiserver reads whole: "
            "put the new one into the file in use, and name that file as the new one."
        )
        yield (
            f"{target.distribution.title} ({target.schema.source}) keeps one of several "
            f"--{repeated[0]}, and {len(after.values(repeated[0]))} are needed: tokens in use "
            f"would fail. {way_out}"
        )


def _of_keys(target: Target, before: Settings, after: Settings) -> Iterator[str]:
    pairs = [(before.values(name), after.values(name)) for name in (KEY_FILE, SIGNING_KEY_FILE)]
    if any(known and known != wanted for known, wanted in pairs):
        yield from filter(None, [_KEYS_OF_THEIR_OWN.get(target.distribution.name)])


_KEYS_OF_THEIR_OWN = {
    "talos": "Talos refuses other keys among extraArgs. From 1.14 on, put the new key into "
    "issuer.privateKey of KubeServiceAccountConfig, and the old public one into "
    "accepted.publicKeys.",
    "kops": "kOps keeps the keys: 'kops create keypair service-account', update and roll; 'kops "
    "promote keypair service-account', update and roll; wait; 'kops distrust keypair "
    "service-account', update and roll.",
}
_FORMS_THAT_REPEAT = {
    "kubeadm": "Way out: '--schema v1beta3-patch', which appends the further ones to the static "
    "pod; or kubeadm 1.31, whose v1beta4 takes several.",
    "cluster-api": "Way out: '--schema v1beta2-patch' (or v1beta1-patch), which appends the "
    "further ones to the static pod by a kubeadm patch.",
    "kubespray": "Way out: '--schema extra-args-patch', which appends the further ones to the "
    "static pod by a kubeadm patch.",
    "talos": "Way out: upgrade to Talos 1.13, whose extraArgs take lists; or, before the cluster "
    "is made, '--new-cluster'.",
    "k0s": "Way out: upgrade to k0s 1.34, which has rawArgs.",
    "k3s": "Way out: upgrade to 1.24, which keeps repeated flags.",
    "rke2": "Way out: upgrade to 1.24, which keeps repeated flags.",
    "kops": "Way out: upgrade to kOps 1.28.5, which has additionalServiceAccountIssuers.",
}


def _of_ignorance(target: Target) -> Iterator[str]:
    if target.distribution.name == "plain":
        return
    if target.distribution.issuer is None:
        yield (
            f"Which issuer is set now is not known, and {target.distribution.title} sets one of "
            "its own for each cluster: without it, every token in use fails. Give what runs now "
            "with --from, the issuer with --keep-issuer, or --new-cluster before it is made."
        )


def _of_allowlist(target: Target) -> Iterator[str]:
    name, minor = target.distribution.name, target.minor
    if minor is None:
        yield (
            "exposure 'authentication-config' depends on the version of Kubernetes: give it with "
            "--version, or as kubernetes.version."
        )
    elif minor < ANONYMOUS_PATHS_MINOR:
        yield (
            f"Kubernetes 1.{minor} cannot restrict anonymous requests to paths, which came with "
            f"1.{ANONYMOUS_PATHS_MINOR} (KEP-4633): use exposure 'binding', or upgrade."
        )
    if name == "kops":
        yield (
            "kOps always sets --anonymous-auth=false, which stops an API server beside an "
            "AuthenticationConfiguration with 'anonymous'. Serve the documents from a bucket: "
            "discovery.hosting s3, or kOps's own serviceAccountIssuerDiscovery.discoveryStore with "
            "exposure 'none'."
        )
    if name == "talos" and target.schema.name != "v1.14":
        yield (
            "Talos before 1.14 (and with cluster.apiServer) always sets --anonymous-auth, which "
            "stops an API server beside an AuthenticationConfiguration with 'anonymous': use "
            "'--schema v1.14', exposure 'binding', or a bucket."
        )
    if name == "k0s" and minor is not None and minor < _K0S_SPARES_ANONYMOUS:
        yield (
            f"k0s before 1.{_K0S_SPARES_ANONYMOUS} always sets --anonymous-auth, which stops an "
            "API server beside an AuthenticationConfiguration with 'anonymous': use exposure "
            "'binding', or a bucket."
        )


def _of_binding(target: Target) -> Iterator[str]:
    if target.distribution.name == "kops":
        yield (
            "kOps always sets --anonymous-auth=false (pkg/model/components/apiserver.go), so that "
            "AWS gets 401 whatever is bound. Serve the documents from a bucket: discovery.hosting "
            "s3, or kOps's own serviceAccountIssuerDiscovery.discoveryStore with exposure 'none'."
        )
    if target.schema.name == "v1.14":
        yield (
            "Talos 1.14 takes anonymous requests on the paths of KubeAuthenticationConfig alone: "
            "use exposure 'authentication-config'."
        )


def _warnings(target: Target, before: Settings | None, after: Settings) -> Iterator[str]:
    config = target.config
    if before is None and not target.is_new:
        yield _unknown(target, after)
    yield from _about_audiences(target, before, after)
    is_early = target.minor is not None and target.minor < _DISCOVERY_BY_DEFAULT
    if is_early and after.signing_key_file is None:
        yield (
            f"Kubernetes 1.{target.minor} issues tokens for pods with --{SIGNING_KEY_FILE} alone: "
            f"set it to the key whose public part is in --{KEY_FILE} "
            "(--service-account-private-key-file of the controller manager)."
        )
    if before is not None and before.issuers[:1] not in ((), (config.issuer,)):
        yield (
            "The issuer that signs changes. With several API servers, those that are changed first "
            "issue tokens that the others refuse: use 'python -m wizard apiserver --migrate'."
        )
    if "/" in config.issuer_key and target.exposure != "none":
        yield (
            f"{config.issuer} has a path, and the API server serves the documents at its root "
            "alone: a proxy or a bucket has to serve them below the path."
        )
    yield from _about_anonymous(target, before, after)
    if target.distribution.name == "talos" and target.schema.name == "v1.14":
        yield (
            "Talos 1.14 has --tls-min-version=VersionTLS13, which cannot be changed. Where AWS "
            "connects to the API server itself, it then goes by the OIDC provider's thumbprints: "
            "keep 'discovery.thumbprint: endpoint', and deploy anew when certificates change."
        )


def _unknown(target: Target, after: Settings) -> str:
    text = "What runs now is not known: read it with --from."
    if target.kept_issuers:
        return f"{text} The issuers of --keep-issuer are kept."
    if len(after.issuers) > 1:
        return (
            f"{text} {after.issuers[1]} is kept, which is the default of "
            f"{target.distribution.title}; another one would have to follow it, or tokens fail."
        )
    return (
        f"{text} Every --{ISSUER} that is set must follow the new one, every --{KEY_FILE} must "
        f"stay, and --{AUDIENCES} must stay as it is, or tokens in use fail."
    )


def _about_audiences(target: Target, before: Settings | None, after: Settings) -> Iterator[str]:
    taken = [each for each in target.config.audience if each in after.api_audiences]
    if taken:
        others = [each for each in after.api_audiences if each not in taken]
        yield (
            f"--{AUDIENCES} has {taken[0]}: whoever sees a token on its way to AWS can log in to "
            f"the cluster with it. Take it out in two steps: first --{AUDIENCES}="
            f"{','.join(dict.fromkeys((*others, *after.issuers, *taken)))}; then, when every token "
            f"has been renewed (24 hours, with injected tokens up to a year), without {taken[0]}."
        )
    if not after.api_audiences:
        own = [each for each in target.config.audience if each in after.issuers]
        defaults = target.distribution.audiences if before is None else ()
        if own and not defaults:
            yield (
                f"The audience {own[0]} is the issuer, which the API server takes as its own "
                "audience: tokens for AWS log in to the cluster. Give AWS an audience of its own."
            )


def _about_anonymous(target: Target, before: Settings | None, after: Settings) -> Iterator[str]:
    if target.exposure == "authentication-config":
        if after.authentication_config != target.authentication_file:
            yield (
                f"{after.authentication_config} is in use: merge 'anonymous:' into it, and replace "
                "nothing. A change of 'anonymous' counts after a restart only."
            )
        for gate in feature_gates(target.minor):
            yield f"{gate.partition('=')[0]} is an alpha feature in 1.{target.minor}."
        if target.distribution.name in ("k3s", "rke2") and target.minor in (31, 32, 33):
            yield (
                f"{target.distribution.title} takes 'anonymous' in the file from the patch "
                "releases of June 2025 on (k3s issue 12245, RKE2 issue 8137): 1.31.9, 1.32.5 and "
                "1.33.1 of k3s, the next ones of RKE2. Older ones do not start with it."
            )
        if before is not None and target.distribution.name == "talos":
            yield "KubeAuthenticationConfig is replaced as a whole: repeat its 'jwt'."
    if target.exposure == "binding":
        if after.authentication_config:
            yield (
                f"--{AUTHENTICATION_CONFIG} is in use: if the file has 'anonymous', its paths "
                f"decide, and {' and '.join(DISCOVERY_PATHS)} must be among them."
            )
        was_off = before.anonymous_auth == "false" if before else not target.distribution.anonymous
        if was_off:
            yield (
                "Anonymous requests were refused altogether, and will be taken on every path that "
                "RBAC grants them: besides the two documents /version, /livez, /readyz and "
                "/healthz, and whatever else is bound to system:unauthenticated. CIS 1.2.1 asks "
                "for an allowlist: exposure 'authentication-config' where the version has it."
            )
