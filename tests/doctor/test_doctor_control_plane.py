"""What the doctor reads off a control plane: flags, audiences, and where anonymous requests may
go."""

from __future__ import annotations

import json
from pathlib import Path

import breaking
import pytest
from live_federation import ISSUER, LiveFederation, make

from doctor.examination import Options
from doctor.runner import examined
from federation.model.config import ClusterConfig
from sandbox.sandbox import Sandbox

SIGNS = f"--service-account-issuer={ISSUER}"


async def test_without_api_audiences_an_api_server_takes_its_issuers(live: LiveFederation) -> None:
    settings = live.config.model_dump(mode="json") | {"audience": [ISSUER]}
    config = ClusterConfig.model_validate_json(json.dumps(settings))
    with breaking.api_server_flags((SIGNS,))(live):
        (finding,) = await examined(
            config, Options(only=frozenset({"control-plane-api-audiences"}))
        )

    assert (finding.verdict, finding.seen) == ("fail", f"'{ISSUER}' on kube-apiserver-node-1")


async def test_the_flags_of_an_api_server_that_a_shell_starts_are_seen(
    live: LiveFederation,
) -> None:
    script = f"exec kube-apiserver \\\n  {SIGNS} --api-audiences='a,sts.amazonaws.com' 2>&1"
    with breaking.api_server_flags(("/bin/sh", "-c", script))(live):
        (finding,) = await examined(
            live.config, Options(only=frozenset({"control-plane-api-audiences"}))
        )

    assert (finding.verdict, finding.seen) == (
        "fail",
        "'a', 'sts.amazonaws.com' on kube-apiserver-node-1",
    )


async def test_no_binding_is_asked_for_where_something_else_serves_the_documents(
    live: LiveFederation,
) -> None:
    config = exposed(live.config, "none")
    with breaking.no_binding(live):
        (finding,) = await examined(config, Options(only=frozenset({"control-plane-binding"})))

    assert (finding.verdict, finding.seen) == ("pass", "none, as configured")


async def test_a_limit_on_anonymous_paths_is_missed_where_it_is_configured(
    live: LiveFederation,
) -> None:
    config = exposed(live.config, "authentication-config")

    findings = await examined(config, Options(only=frozenset({"control-plane"})))

    assert [(each.code, each.seen) for each in findings if each.verdict == "warn"] == [
        ("control-plane-anonymous-paths", "HTTP 403 for /api")
    ]


ALLOWLIST = """\
apiVersion: apiserver.config.k8s.io/v1beta1
kind: AuthenticationConfiguration
anonymous:
  enabled: true
  conditions:
    - path: /openid/v1/jwks
    - path: /livez
"""


async def test_an_allowlist_of_anonymous_paths_that_is_too_short_is_named(tmp_path: Path) -> None:
    file = tmp_path / "authentication.yaml"
    file.write_text(ALLOWLIST)
    flags = [f"--authentication-config={file}"]
    with Sandbox(tmp_path / ".sandbox", ISSUER, api_server_flags=flags) as sandbox:
        if sandbox.missing:
            pytest.skip("\n".join(sandbox.missing))
        config = exposed(make(sandbox).config, "authentication-config")
        options = Options(only=frozenset({"discovery", "control-plane"}))
        findings = await examined(config, options)

    assert [
        (each.verdict, each.code, each.seen)
        for each in findings
        if each.verdict in ("warn", "fail")
    ] == [
        (
            "fail",
            "discovery-unauthorized",
            "HTTP 401 for /.well-known/openid-configuration",
        ),
        ("warn", "control-plane-anonymous-paths", "HTTP 401 for /readyz, /healthz"),
    ]


KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: prod
contexts: [{{name: prod, context: {{cluster: prod, user: me}}}}]
clusters: [{{name: prod, cluster: {{server: {server}}}}}]
users: [{{name: me, user: {user}}}]
"""


def exposed(config: ClusterConfig, exposure: str) -> ClusterConfig:
    """The configuration with another way to show the documents."""
    settings = config.model_dump(mode="json")
    settings["discovery"]["exposure"] = exposure
    return ClusterConfig.model_validate_json(json.dumps(settings))


async def look_without(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch, **kubernetes: str
) -> tuple[str, str, str]:
    """Verdict, seen and expected of the access to a cluster, where no kubeconfig is."""
    monkeypatch.setenv("KUBECONFIG", str(in_folder / "none"))
    config = ClusterConfig.model_validate(
        {
            "cluster": "prod",
            "issuer": ISSUER,
            "aws": {"region": "eu-west-1"},
            "kubernetes": {"apply": "manifests", **kubernetes},
            "workloads": [{"namespace": "default", "service_account": "app"}],
        }
    )
    (found,) = await examined(config, Options(only=frozenset({"control-plane-access"})))
    return found.verdict, found.seen, found.expected


async def test_without_a_kubeconfig_the_control_plane_is_skipped(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await look_without(in_folder, monkeypatch) == (
        "skip",
        "there is no kubeconfig, and the configuration has no context",
        "",
    )


async def test_a_context_that_no_kubeconfig_has_fails(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict, _, expected = await look_without(in_folder, monkeypatch, context="prod")

    assert (verdict, expected) == ("fail", "an API server behind the context 'prod'")


async def test_a_further_setting_of_a_config_map_is_named_without_its_value(
    live: LiveFederation,
) -> None:
    only = Options(only=frozenset({"control-plane-config-map"}))
    with breaking.further_setting(live):
        found = await examined(live.config, only)

    assert [(each.seen, each.expected) for each in found if each.verdict == "fail"] == [
        ("PASSWORD", "only the configured settings")
    ]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("{[", "'The kubeconfig is malformed (line 2 of "),
        ("[]", "'The kubeconfig is empty, or not a mapping: "),
        (KUBECONFIG.format(server=5, user="{}"), "'The kubeconfig is malformed (AttributeE"),
        (
            KUBECONFIG.format(
                server="https://127.0.0.1:9",
                user="{exec: {apiVersion: client.authentication.k8s.io/v1, command: 'false'}}",
            ),
            "'false' of the kubeconfig gives no credentials",
        ),
    ],
)
async def test_a_kubeconfig_that_is_of_no_use_is_told(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, seen: str
) -> None:
    """None of it is shown, since it may be a credential."""
    path = in_folder / "kubeconfig"
    path.write_text(text)
    found = await look_without(in_folder, monkeypatch, context="prod", kubeconfig=str(path))

    assert (found[0], found[1][: len(seen)]) == ("fail", seen)


async def test_a_credential_that_cannot_be_sent_is_not_shown(
    in_folder: Path, live: LiveFederation
) -> None:
    settings = live.config.model_dump(mode="json")
    kubeconfig = json.loads(Path(settings["kubernetes"]["kubeconfig"]).read_text())
    kubeconfig["users"][0]["user"] = {"token": "s3cr3t\nX: y"}
    (in_folder / "kubeconfig").write_text(json.dumps(kubeconfig))
    settings["kubernetes"]["kubeconfig"] = str(in_folder / "kubeconfig")
    config = ClusterConfig.model_validate_json(json.dumps(settings))
    (found,) = await examined(config, Options(only=frozenset({"control-plane-access"})))

    assert (found.verdict, found.seen) == ("fail", "the kubeconfig has a value that cannot be sent")
