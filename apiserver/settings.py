"""The settings of an API server that a federation touches, and what in them would stop it.

Read from the flags of a running server (`apiserver.reading`), computed for a federation
(`apiserver.plan`), and written in the form of a distribution (`apiserver.rendering`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from apiserver.flags import (
    ANONYMOUS_AUTH,
    AUDIENCES,
    AUTHENTICATION_CONFIG,
    FEATURE_GATES,
    ISSUER,
    JWKS_URI,
    KEY_FILE,
    NAMES,
    SIGNING_KEY_FILE,
    Flags,
    boolean,
    join_list,
    last_of,
    normalize,
    split_list,
    values_of,
)

DISCOVERY_GATE = "ServiceAccountIssuerDiscovery"


@dataclass(frozen=True)
class Settings:
    """The settings of one API server; what is empty or None is not set.

    Attributes:
        issuers: the first signs, all are accepted (Kubernetes 1.22 or newer).
        jwks_uri: where the discovery document says that the keys are.
        api_audiences: of tokens that log in; if it is empty, the API server accepts the issuers
            (`ToAuthenticationConfig` in pkg/kubeapiserver/options/authentication.go).
        key_files: the keys with which tokens are verified; their public parts are published.
        signing_key_file: the key that signs.
        feature_gates: `NAME=true` or `NAME=false`.
        authentication_config: the path of the AuthenticationConfiguration.
        anonymous_auth: `true` or `false`; anonymous requests are accepted if it is not set.
        oidc: the `--oidc-*` flags.
        others: all other flags.
    """

    issuers: tuple[str, ...] = ()
    jwks_uri: str | None = None
    api_audiences: tuple[str, ...] = ()
    key_files: tuple[str, ...] = ()
    signing_key_file: str | None = None
    feature_gates: tuple[str, ...] = ()
    authentication_config: str | None = None
    anonymous_auth: str | None = None
    oidc: Flags = ()
    others: Flags = ()

    @classmethod
    def of(cls, flags: Iterable[tuple[str, str]]) -> Settings:
        """The settings in flags; of a flag that counts once the last one counts, as in pflag."""
        given = tuple((normalize(name), value) for name, value in flags)
        anonymous = last_of(given, ANONYMOUS_AUTH)
        return cls(
            issuers=values_of(given, ISSUER),
            jwks_uri=last_of(given, JWKS_URI),
            api_audiences=split_list(values_of(given, AUDIENCES)),
            key_files=values_of(given, KEY_FILE),
            signing_key_file=last_of(given, SIGNING_KEY_FILE),
            feature_gates=_gates(values_of(given, FEATURE_GATES)),
            authentication_config=last_of(given, AUTHENTICATION_CONFIG),
            anonymous_auth=None if anonymous is None else boolean(anonymous),
            oidc=tuple(flag for flag in given if flag[0].startswith("oidc-")),
            others=tuple(
                flag for flag in given if flag[0] not in NAMES and not flag[0].startswith("oidc-")
            ),
        )

    def values(self, name: str) -> tuple[str, ...]:
        """What is written after a flag of `NAMES`, once for each time that it is given."""
        single = {
            JWKS_URI: self.jwks_uri,
            SIGNING_KEY_FILE: self.signing_key_file,
            AUTHENTICATION_CONFIG: self.authentication_config,
            ANONYMOUS_AUTH: self.anonymous_auth,
            AUDIENCES: join_list(self.api_audiences) or None,
            FEATURE_GATES: ",".join(self.feature_gates) or None,
        }
        if name in single:
            value = single[name]
            return () if value is None else (value,)
        return self.issuers if name == ISSUER else self.key_files

    def flags(self) -> Flags:
        """The flags of `NAMES` that are set."""
        return tuple((name, value) for name in NAMES for value in self.values(name))

    @property
    def accepted_audiences(self) -> tuple[str, ...]:
        """The audiences of tokens that log in to the API server."""
        return self.api_audiences or self.issuers


def flags_to_write(before: Settings, after: Settings) -> Flags:
    """The flags that a file has to say: issuer and keys' address always, others if they change."""
    names = [
        name
        for name in NAMES
        if name in (ISSUER, JWKS_URI) or before.values(name) != after.values(name)
    ]
    return tuple((name, value) for name in names for value in after.values(name))


def faults(settings: Settings) -> Iterator[str]:
    """What keeps an API server with these settings from starting, or from serving the documents.

    The rules are `Validate` and `ToAuthenticationConfig` in
    pkg/kubeapiserver/options/authentication.go and `NewOpenIDMetadataProvider` in
    pkg/serviceaccount/openidmetadata.go (Kubernetes 1.34).
    """
    if len(set(settings.issuers)) < len(settings.issuers):
        yield f"--{ISSUER} has the same issuer twice: the API server does not start."
    if "" in settings.issuers:
        yield f"--{ISSUER} is empty: the API server does not start."
    first = _split(settings.issuers[0]) if settings.issuers else None
    if first and (first.scheme != "https" or first.query or first.fragment):
        yield (
            f"{settings.issuers[0]!r} as first --{ISSUER} is not an https URL without query and "
            "fragment: the API server starts, but answers 404 for both documents."
        )
    if settings.jwks_uri and _split(settings.jwks_uri).scheme != "https":
        yield (
            f"--{JWKS_URI}={settings.jwks_uri} is not an https URL: the API server does not start."
        )
    if settings.anonymous_auth not in (None, "true", "false"):
        yield (
            f"--{ANONYMOUS_AUTH}={settings.anonymous_auth} is neither true nor false: the API "
            "server does not start."
        )
    if settings.authentication_config and settings.oidc:
        yield (
            f"--{settings.oidc[0][0]} is set together with --{AUTHENTICATION_CONFIG}: the API "
            "server does not start. Move it into the file's 'jwt:' first."
        )


def _split(url: str) -> SplitResult:
    """The parts of a URL; they are empty if it is malformed, such as `https://[a`."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _gates(values: Iterable[str]) -> tuple[str, ...]:
    """Feature gates, around which white space does not count (`Set` of featuregate)."""
    parts = (part.strip() for value in values for part in value.split(","))
    return tuple(part for part in parts if part)
