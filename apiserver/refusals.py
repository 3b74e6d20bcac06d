"""Why a plan must not be carried out: it would stop an API server, or lock clients out.

`apiserver.plan` asks here; each text says what would happen and names the way out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from apiserver.distributions import JINJA, VARIABLES_OF_PODS
from apiserver.settings import (
    AUTHENTICATION_CONFIG,
    ISSUER,
    KEY_FILE,
    SIGNING_KEY_FILE,
    Settings,
    faults,
    flags_to_write,
)
from apiserver.target import Target
from federation.model.config import ANONYMOUS_PATHS_MINOR
from formats.escaping import quoted, yaml_text

_ISSUER_REQUIRED = 20
_SEVERAL_ISSUERS = 22
_K0S_SPARES_ANONYMOUS = 37


def refusals(target: Target, before: Settings | None, after: Settings) -> Iterator[str]:
    """What speaks against settings for a target.

    Args:
        target: what is asked for.
        before: the settings that run now; None where they are not known.
        after: the settings to run.
    """
    if before is not None:
        yield from _of_what_runs(target, before)
    yield from _of_values(target, before or Settings(), after)
    yield from _of_version(target, after)
    yield from _of_form(target, after)
    yield from _of_keys(target, before or Settings(), after)
    if before is None:
        yield from _of_ignorance(target, after)
    if target.exposure == "authentication-config":
        yield from _of_allowlist(target)
    if target.exposure == "binding":
        yield from _of_binding(target)
    yield from faults(after)


def _of_what_runs(target: Target, before: Settings) -> Iterator[str]:
    if not before.issuers and (target.minor or 0) >= _ISSUER_REQUIRED:
        yield (
            f"What was given has no --{ISSUER}, without which no API server of 1.{target.minor} "
            "starts: it is not all of what runs."
        )
    if before.authentication_config and before.oidc:
        yield (
            f"What was given has --{AUTHENTICATION_CONFIG} and --{before.oidc[0][0]}, with which "
            "no API server starts: it is not what runs."
        )
    elif before.oidc and target.exposure == "authentication-config":
        yield (
            f"--{before.oidc[0][0]} and an AuthenticationConfiguration stop the API server. Move "
            "it into the file's 'jwt:' and remove the --oidc-* flags first:\n"
            f"{jwt(dict(before.oidc))}"
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


def _of_values(target: Target, before: Settings, after: Settings) -> Iterator[str]:
    """Values that would be something else, or more than a value, where they are read."""
    others = after.others if target.schema.name == "systemd" else ()
    for name, value in dict.fromkeys((*before.flags(), *after.flags(), *after.oidc, *others)):
        if not value.isprintable():
            yield f"--{name} has {quoted(value)}, with a character that no flag has."
    for name, value in flags_to_write(before, after):
        for text, reader in _replaced(target).items():
            if text in value:
                yield (
                    f"--{name} has {quoted(value)}: {reader} would replace {text!r}. Set another "
                    "value first."
                )
    for name, value in others:
        if VARIABLES_OF_PODS[0] in value:
            yield (
                f"--{name} has {quoted(value)}, with '$(': a unit has no variables of a pod. Give "
                "the running process with --from."
            )


def _replaced(target: Target) -> dict[str, str]:
    """Texts that something replaces in a value, on its way to the API server, each with what does.

    `Expand` in third_party/forked/golang/expansion (Kubernetes 1.34); Jinja, Template Designer
    Documentation.
    """
    own = target.distribution
    found = dict.fromkeys(VARIABLES_OF_PODS, "the kubelet") if own.in_pod else {}
    return found | (dict.fromkeys(JINJA, own.jinja) if own.jinja else {})


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
    takes_one = target.minor is not None and target.minor < _SEVERAL_ISSUERS
    # Where the version takes one issuer, no form would help.
    names = (KEY_FILE,) if takes_one else (ISSUER, KEY_FILE)
    repeated = [name for name in names if len(after.values(name)) > 1]
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


def _of_ignorance(target: Target, after: Settings) -> Iterator[str]:
    if target.schema.name == "systemd":
        yield (
            "A drop-in replaces the whole command of the unit, and its other flags are not known: "
            "give the unit with --from, or take the form 'flags'."
        )
    knows_none = target.distribution.issuer is None and len(after.issuers) == 1
    if knows_none and not target.is_new and target.distribution.name != "plain":
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


def jwt(oidc: Mapping[str, str]) -> str:
    """The part `jwt:` that says the same as `--oidc-*` flags (`ToAuthenticationConfig`)."""
    issuer = oidc.get("oidc-issuer-url", "")
    claim = oidc.get("oidc-username-claim", "sub")
    prefix = oidc.get("oidc-username-prefix") or ("" if claim == "email" else f"{issuer}#")
    username = _mapped(claim, "" if prefix == "-" else prefix)
    lines = [
        "jwt:",
        "  - issuer:",
        f"      url: {yaml_text(issuer)}",
        f"      audiences: {yaml_text([oidc.get('oidc-client-id', '')])}",
        "    claimMappings:",
        f"      username: {username}",
    ]
    if "oidc-ca-file" in oidc:
        source = yaml_text(oidc["oidc-ca-file"])
        lines.insert(4, f"      certificateAuthority: |  # the content of {source}, indented")
    if "oidc-groups-claim" in oidc:
        groups = _mapped(oidc["oidc-groups-claim"], oidc.get("oidc-groups-prefix", ""))
        lines.append(f"      groups: {groups}")
    if "oidc-required-claim" in oidc:
        name, _, value = oidc["oidc-required-claim"].partition("=")
        rule = f"{{claim: {yaml_text(name)}, requiredValue: {yaml_text(value)}}}"
        lines.append(f"    claimValidationRules: [{rule}]")
    return "\n".join(f"    {line}" for line in lines)


def _mapped(claim: str, prefix: str) -> str:
    return f"{{claim: {yaml_text(claim)}, prefix: {yaml_text(prefix)}}}"
