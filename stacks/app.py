"""The CDKTF app of all configured clusters."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cdktf import App

from federation.model.config import ClusterConfig
from stacks.discovery import DiscoveryStack
from stacks.identity import IdentityStack
from stacks.workloads import WorkloadsStack


def build_app(configs: Iterable[ClusterConfig], outdir: str | None = None) -> App:
    """An app with the stacks of each configuration.

    Args:
        configs: configurations of different clusters.
        outdir: where the output goes; None where the CDKTF CLI says (`CDKTF_OUTDIR`).
    """
    app = App(outdir=outdir)
    for config in configs:
        identity = IdentityStack(app, config)
        if config.stack("discovery") in config.stacks:
            discovery = DiscoveryStack(app, config)
            if config.discovery.s3:
                # Destroyed in the reverse order: anyone who gets the name of a bucket that AWS
                # still trusts can publish keys of their own in it.
                identity.add_dependency(discovery)
        if config.stack("workloads") in config.stacks:
            WorkloadsStack(app, config).add_dependency(identity)
    return app


def synth(configs: Iterable[ClusterConfig], outdir: str | None = None) -> None:
    """Write the Terraform of each configuration; the arguments are those of `build_app`."""
    app = build_app(configs, outdir)
    for stale in Path(app.outdir).glob("stacks/*/cdk.tf*"):
        # Terraform reads both cdk.tf (left by `cdktf synth --hcl`) and cdk.tf.json.
        stale.unlink()
    app.synth()
