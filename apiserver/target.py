"""What a federation asks of a control plane."""

from __future__ import annotations

from dataclasses import dataclass

from apiserver.authentication import authentication_form
from apiserver.distributions import Distribution, Schema
from federation.model.config import ClusterConfig

AUTHENTICATION_FILE = "authentication-config.yaml"
"""The name of the AuthenticationConfiguration in the distribution's folder."""

DISCOVERY_BY_DEFAULT = 20
"""From 1.20 on an API server serves the discovery documents without a feature gate (KEP-1393)."""


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
    def reaches_server(self) -> bool:
        """Whether AWS reads the documents from the API server, and not from somewhere else."""
        return self.exposure != "none" and self.config.discovery.hosting != "s3"

    @property
    def minor(self) -> int | None:
        """The minor version of the API servers, where it is known."""
        return self.config.kubernetes.minor

    @property
    def authentication_file(self) -> str:
        """Where our AuthenticationConfiguration lies, as the API server sees it."""
        name = AUTHENTICATION_FILE
        if self.distribution.name == "kubespray":
            name = f"apiserver-authentication-config-{authentication_form(self.minor)}.yaml"
        return f"{self.distribution.folder}/{name}"
