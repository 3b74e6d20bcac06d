"""Phases: what each sets, when it may be left, and that none is skipped silently."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apiserver_cases import ISSUER, JWKS, OLD, goal

from apiserver.migration import (
    FLOOR,
    Migration,
    advance,
    as_data,
    begin,
    certain_end,
    codes,
    duration,
    earliest_end,
    obstacles,
    phase_plan,
    stage,
    turn_back,
)
from apiserver.plan import Change
from apiserver.rendering import render_plan
from apiserver.settings import Settings
from apiserver.stages import PHASES, Kind, Phase
from doctor.catalog import RULES
from federation.errors import UserError
from federation.yaml import files

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RUNNING = Settings(
    issuers=(OLD,),
    key_files=("/etc/kubernetes/pki/sa.pub",),
    signing_key_file="/etc/kubernetes/pki/sa.key",
)
KUBEADM = goal("kubeadm")
NEW_KEYS = ("/etc/kubernetes/pki/sa-2.pub", "/etc/kubernetes/pki/sa-2.key")
EVERYTHING = {rule.code: "pass" for rule in RULES}


def at(phase: Phase, kind: Kind = "issuer", before: Settings = RUNNING) -> Migration:
    """A migration that is in a phase since `START`."""
    state = begin(KUBEADM, before, START, new_keys=NEW_KEYS if kind == "signing-key" else None)
    while state.phase != phase:
        state = advance(state, START)
    return state


def test_the_issuer_changes_in_four_steps_none_of_which_drops_what_is_in_use() -> None:
    seen = {phase: phase_plan(at(phase), KUBEADM).after for phase in PHASES["issuer"][:-1]}
    assert {phase: settings.issuers for phase, settings in seen.items()} == {
        "accept": (OLD, ISSUER),
        "sign": (ISSUER, OLD),
        "wait": (ISSUER, OLD),
        "drop": (ISSUER,),
    }
    assert {phase: settings.jwks_uri for phase, settings in seen.items()} == {
        "accept": None,
        "sign": JWKS,
        "wait": JWKS,
        "drop": JWKS,
    }
    assert [phase_plan(at(phase), KUBEADM).refusals for phase in seen] == [()] * 4


@pytest.mark.parametrize("audiences", [(), (OLD, "k3s")])
def test_what_logs_in_goes_on_logging_in_in_every_phase(audiences: tuple[str, ...]) -> None:
    before = Settings(issuers=(OLD,), api_audiences=audiences)
    for phase in PHASES["issuer"][:-1]:
        after = phase_plan(at(phase, before=before), KUBEADM).after
        assert set(audiences or (OLD,)) <= set(after.accepted_audiences)
        assert "sts.amazonaws.com" not in after.accepted_audiences


@pytest.mark.parametrize("kind", PHASES)
def test_every_check_is_one_of_the_doctors(kind: Kind) -> None:
    for phase in PHASES[kind][:-1]:
        state = at(phase, kind)
        assert {*stage(state).entry, *codes(state)} <= set(EVERYTHING)


def test_anonymous_requests_are_limited_when_the_new_issuer_signs_and_not_before() -> None:
    wanted = goal("kubeadm", exposure="authentication-config")
    seen = {}
    for phase in PHASES["issuer"][:-1]:
        made = phase_plan(at(phase), wanted)
        seen[phase] = (tuple(render_plan(made).files), made.after.authentication_config)
    own = "/etc/kubernetes/oidc-iam/authentication-config.yaml"
    assert seen == {
        "accept": (("cluster-configuration.yaml",), None),
        "sign": (("cluster-configuration.yaml", "authentication-config.yaml"), own),
        "wait": (("cluster-configuration.yaml",), own),
        "drop": (("cluster-configuration.yaml",), own),
    }


def test_the_signing_key_changes_in_four_steps_with_both_keys_published_first() -> None:
    old, new = "/etc/kubernetes/pki/sa.pub", NEW_KEYS[0]
    seen = {
        phase: phase_plan(at(phase, "signing-key"), KUBEADM).after
        for phase in PHASES["signing-key"][:-1]
    }
    assert {phase: (each.key_files, each.signing_key_file) for phase, each in seen.items()} == {
        "publish": ((old, new), RUNNING.signing_key_file),
        "sign": ((old, new), NEW_KEYS[1]),
        "wait": ((old, new), NEW_KEYS[1]),
        "drop": ((new,), NEW_KEYS[1]),
    }
    assert {each.issuers for each in seen.values()} == {(OLD,)}


@pytest.mark.parametrize(
    ("distribution", "schema", "beginning"),
    [
        ("talos", "v1.13", "Talos refuses key files in extraArgs."),
        ("kops", None, "kOps manages the keys:"),
        ("kubeadm", "v1beta3", "kubeadm (kubeadm.k8s.io/v1beta3 ClusterConfiguration"),
    ],
)
def test_a_key_that_a_distribution_keeps_or_drops_is_refused(
    distribution: str, schema: str | None, beginning: str
) -> None:
    wanted = goal(distribution, schema, version="1.30", exposure="none")
    state = begin(wanted, RUNNING, START, new_keys=NEW_KEYS)
    while state.phase != "sign":
        state = advance(state, START)
    assert [text for text in phase_plan(state, wanted).refusals if text.startswith(beginning)]


@pytest.mark.parametrize(
    ("phase", "kind", "hours"),
    [
        ("accept", "issuer", 0),
        ("sign", "issuer", 0),
        ("wait", "issuer", 24),
        ("drop", "issuer", 0),
        ("publish", "signing-key", 1),
        ("wait", "signing-key", 24),
    ],
)
def test_each_phase_has_its_earliest_end(phase: Phase, kind: Kind, hours: int) -> None:
    assert earliest_end(at(phase, kind)) == START + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("asked", "limit", "life"),
    [
        (timedelta(0), "0", FLOOR),
        (timedelta(hours=720), "0", timedelta(hours=720)),
        (timedelta(hours=720), "48h", timedelta(hours=48)),
        (timedelta(hours=720), "1h", FLOOR),
    ],
)
def test_the_wait_is_the_longest_life_of_a_token_and_24_hours_at_least(
    asked: timedelta, limit: str, life: timedelta
) -> None:
    before = Settings(issuers=(OLD,), others=(("service-account-max-token-expiration", limit),))
    state = begin(KUBEADM, before, START, lifetime=asked)
    assert state.token_lifetime_seconds == life.total_seconds()


def test_injected_tokens_run_out_after_a_year() -> None:
    assert certain_end(at("wait")) == START + timedelta(days=365)
    assert certain_end(at("sign")) is None


@pytest.mark.parametrize(
    ("text", "seconds"), [("48h", 172800), ("1h30m", 5400), ("90s", 90), ("0s", 0)]
)
def test_durations_are_written_as_in_go(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "48", "h", "2d", "-1h", "1.5h", "99999999h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        duration(text)


def test_a_phase_is_left_when_its_time_has_come_and_everything_is_seen() -> None:
    state = at("wait")
    wanted = phase_plan(state, KUBEADM).after
    late = START + FLOOR
    assert obstacles(state, KUBEADM, late, wanted, EVERYTHING) == ()
    assert obstacles(state, KUBEADM, late - timedelta(seconds=1), wanted, EVERYTHING) == (
        "This phase lasts until 2026-03-02 12:00 UTC.",
    )


def test_whatever_is_not_seen_or_not_passed_keeps_a_phase_from_being_left() -> None:
    state = at("sign")
    assert obstacles(state, KUBEADM, START, None, None) == (
        "Pass the current flags with --from.",
        "Pass the doctor's findings ('python -m wizard doctor --json > FILE', then --findings "
        "FILE). These checks must pass: control-plane-issuer, control-plane-flags, "
        "discovery-readable, discovery-issuer, discovery-jwks-uri, token-issuer, token-signature, "
        "sts-assume-role.",
    )
    verdicts = {**EVERYTHING, "control-plane-flags": "skip", "token-issuer": "fail"}
    del verdicts["discovery-readable"]
    assert obstacles(state, KUBEADM, START, RUNNING, verdicts) == (
        f"--service-account-issuer is {OLD}, and in this phase it must be {ISSUER}, {OLD}.",
        "The doctor's discovery-readable: not in the findings.",
        "The doctor's token-issuer: fail.",
    )


def test_the_state_of_a_migration_beside_a_configuration_is_no_configuration(
    tmp_path: Path,
) -> None:
    for name in ("b.yaml", "a.yaml", "a.migration.yaml", "notes.txt"):
        (tmp_path / name).touch()
    assert files.configurations(tmp_path) == [tmp_path / "a.yaml", tmp_path / "b.yaml"]


def test_what_is_set_aside_stands_in_the_state_with_its_reason() -> None:
    state = advance(at("accept"), START + FLOOR, "the doctor cannot reach the cluster")
    assert as_data(state)["steps"] == [
        {"phase": "accept", "entered": "2026-03-01T12:00:00Z"},
        {
            "phase": "sign",
            "entered": "2026-03-02T12:00:00Z",
            "set_aside": "the doctor cannot reach the cluster",
        },
    ]
    assert Migration.model_validate(as_data(state)) == state


def test_the_way_back_from_the_end_accepts_the_old_issuer_again() -> None:
    """It shows the flags to set: those of the phase that it leads to, compared with what runs."""
    state = turn_back(at("done"), START)

    assert state.phase == "wait"
    assert phase_plan(state, KUBEADM).changes == (
        Change(
            "service-account-issuer",
            (ISSUER,),
            (ISSUER, OLD),
            "The first one signs. The others stay accepted, so tokens in use stay valid.",
        ),
        Change(
            "api-audiences",
            (f"{ISSUER},{OLD}",),
            (),
            "The issuers, including the former one, are the accepted audiences again.",
        ),
    )


def test_the_way_back_leads_through_the_phases_and_ends_with_the_flags_of_the_beginning() -> None:
    state = turn_back(at("sign"), START)
    assert state.phase == "accept"
    with pytest.raises(UserError) as caught:
        turn_back(state, START)
    assert str(caught.value) == (
        "This is the first phase. To cancel the migration, set the former flags, and delete its "
        f"state file:\n  --service-account-issuer={OLD}\n  "
        "--service-account-key-file=/etc/kubernetes/pki/sa.pub\n  "
        "--service-account-signing-key-file=/etc/kubernetes/pki/sa.key"
    )


@pytest.mark.parametrize(
    ("before", "keys", "message"),
    [
        (
            Settings(issuers=(ISSUER, OLD)),
            None,
            f"{ISSUER} is already the first issuer: there is nothing to migrate. Without --migrate "
            "the command shows other differences.",
        ),
        (
            Settings(),
            None,
            "The given flags have no --service-account-issuer, so no token has an issuer: set the "
            "flags directly, without --migrate.",
        ),
        (
            Settings(issuers=(OLD,)),
            NEW_KEYS,
            "The given flags have no --service-account-key-file: pass a source with all flags, "
            "such as the static pod or the process, so that the key in use stays.",
        ),
    ],
)
def test_a_migration_without_a_beginning_is_refused(
    before: Settings, keys: tuple[str, str] | None, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        begin(KUBEADM, before, START, new_keys=keys)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            ("/etc/kubernetes/pki/new.pub", "/etc/kubernetes/pki/sa.key"),
            "/etc/kubernetes/pki/sa.key already signs: name the file of the new key.",
        ),
        (("", "/new.key"), "'' is not an absolute path of a file on the nodes."),
        (("/new.pub", "new.key"), "'new.key' is not an absolute path of a file on the nodes."),
    ],
)
def test_a_key_that_signs_already_or_lies_nowhere_is_not_rotated_to(
    keys: tuple[str, str], message: str
) -> None:
    """With the key in use as the new one, the last phase would drop what verifies its tokens."""
    with pytest.raises(UserError) as caught:
        begin(KUBEADM, RUNNING, START, new_keys=keys)
    assert str(caught.value) == message
