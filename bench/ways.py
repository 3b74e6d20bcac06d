"""The ways to synthesize that are compared, and the configurations that they synthesize."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from bench.measure import Program
from federation.providers import PROVIDERS

_VERSIONS = json.dumps({name: each.constraint for name, each in PROVIDERS.items()})
PROJECT = Path(__file__).parent.parent
PEER = Path(__file__).parent / "peer"

FLOOR = "import os, jsii, cdktf; cdktf.App(outdir=os.environ['CDKTF_OUTDIR']).synth()"


@dataclass(frozen=True)
class Way:
    """A way to synthesize a configuration."""

    label: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    rounds: int
    """In how many of the rounds it runs."""

    def program(self, configuration: Path, output: Path) -> Program:
        """The run that writes a configuration's Terraform below `output`."""
        places = {"CONFIGURATION": str(configuration), "OUTPUT": str(output)}
        return Program(
            command=[places.get(part, part) for part in self.command],
            folder=PROJECT,
            environment={
                **os.environ,
                # Telemetry, and a banner about old versions of Node.
                "CHECKPOINT_DISABLE": "1",
                "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",
                "OIDC_IAM_CONFIG": str(configuration),
                "CDKTF_OUTDIR": str(output),
                **self.environment,
            },
        )


def ways(rounds: int, slow_rounds: int) -> dict[str, Way]:
    """The ways by the letter that the tables call them."""
    main = (sys.executable, "main.py")
    cdktf = ("cdktf", "synth", "--output", "OUTPUT")
    return {
        "a": Way("`python main.py`", main, {}, rounds),
        "b": Way(
            "the same with plain imports", main, {"OIDC_IAM_PLAIN_BINDINGS": "1"}, slow_rounds
        ),
        "c": Way("the floor: an empty app", (sys.executable, "-c", FLOOR), {}, rounds),
        "d": Way(
            "the same stacks in JavaScript",
            ("node", str(PEER / "main.js"), "CONFIGURATION", _VERSIONS),
            {},
            rounds,
        ),
        "e": Way("`cdktf synth` around (a)", cdktf, {}, rounds),
    }


def install_peer() -> None:
    """Install what the JavaScript stacks import, where it is not there."""
    if not (PEER / "node_modules").is_dir():
        quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(["npm", "ci", *quiet], cwd=PEER, check=True)


def configuration(workloads: int) -> str:
    """A configuration as `clusters/NAME.yaml` holds it; ten workloads share a namespace."""
    head = """\
        cluster: bench
        issuer: https://cluster.example.com
        aws:
          region: ap-southeast-2
        kubernetes:
          context: bench
        workloads:
        """
    workload = """\
          - namespace: team-{team}
            service_account: workload-{number}
            role: {{name: workload-{number}}}
        """
    each = (dedent(workload).format(team=n // 10, number=n) for n in range(workloads))
    return dedent(head) + "".join(each)
