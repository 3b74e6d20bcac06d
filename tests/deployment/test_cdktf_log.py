"""The output of cdktf 0.21 and Terraform 1.11, as recorded, becomes events and error reports."""

from __future__ import annotations

import pytest

from deployment.cdktf.events import (
    Counted,
    Event,
    OutputLine,
    ResourceDone,
    ResourceProgress,
    ResourceStarted,
    StackDone,
)
from deployment.cdktf.log import CdktfLog, TerraformLog
from formats.escaping import uncoloured

DEPLOY = """\
demo-identity  Initializing the backend...
               Initializing provider plugins...
demo-workloads  Initializing the backend...
demo-identity  Terraform used the selected providers to generate the following execution plan.
               Resource actions are indicated with the following symbols:
                 + create

               Plan: 2 to add, 0 to change, 0 to destroy.
               terraform_data.r0 (r0): Creating...
               terraform_data.r0 (r0): Provisioning with 'local-exec'...
demo-identity  aws_iam_role.prod_a (prod_a): Creating...
demo-identity  terraform_data.r0 (r0): Still creating... [10s elapsed]
demo-identity  terraform_data.r0 (r0): Creation complete after 11s [id=b1404688-85eb-a5aa]
demo-identity  aws_iam_role.prod_a (prod_a): Creation complete after 1m3s [id=prod-a]
demo-identity  Apply complete! Resources: 2 added, 0 changed, 0 destroyed.

               Outputs:

               first = "v0"


0 Stacks deploying     2 Stacks done     0 Stacks waiting
  demo-identity
  first = v0
"""

FAILURE = """\
demo-discovery  Error: Post "https://127.0.0.1:1/apis": dial tcp 127.0.0.1:1: connection refused
demo-identity  aws_iam_role.a (a): Creating...

               Error: creating IAM Role (a): AccessDenied

                 with aws_iam_role.a (a),
                 on cdk.tf.json line 64, in resource.aws_iam_role.a (a):
                 64:       },


               Error: creating IAM Role (b): EntityAlreadyExists
demo-discovery
                  with kubernetes_cluster_role_binding_v1.a (a),
demo-identity  aws_iam_role.c (c): Creation complete after 0s [id=c]


0 Stacks deploying     2 Stacks done     0 Stacks waiting
Invoking Terraform CLI failed with exit code 1
"""


def events(text: str, *stacks: str) -> list[Event]:
    log = CdktfLog(stacks)
    return [event for line in text.splitlines() for event in log.read(line)]


def news(text: str, *stacks: str) -> list[Event]:
    return [event for event in events(text, *stacks) if not isinstance(event, OutputLine)]


def test_a_deploy_tells_what_is_counted_started_and_done() -> None:
    assert news(DEPLOY, "demo-identity", "demo-workloads") == [
        Counted("demo-identity", add=2, change=0, destroy=0),
        ResourceStarted("demo-identity", "terraform_data.r0", "create"),
        ResourceStarted("demo-identity", "aws_iam_role.prod_a", "create"),
        ResourceProgress("demo-identity", "terraform_data.r0", "create", seconds=10),
        ResourceDone("demo-identity", "terraform_data.r0", "create", seconds=11),
        ResourceDone("demo-identity", "aws_iam_role.prod_a", "create", seconds=63),
        StackDone("demo-identity", added=2, changed=0, destroyed=0),
    ]


def test_each_line_is_told_with_its_stack_and_without_the_frame() -> None:
    lines = [
        event
        for event in events(DEPLOY, "demo-identity", "demo-workloads")
        if isinstance(event, OutputLine)
    ]
    assert lines[:8] == [
        OutputLine("demo-identity", "Initializing the backend..."),
        OutputLine("demo-identity", "Initializing provider plugins..."),
        OutputLine("demo-workloads", "Initializing the backend..."),
        OutputLine(
            "demo-identity",
            "Terraform used the selected providers to generate the following execution plan.",
        ),
        OutputLine("demo-identity", "Resource actions are indicated with the following symbols:"),
        OutputLine("demo-identity", "  + create"),
        OutputLine("demo-identity", ""),
        OutputLine("demo-identity", "Plan: 2 to add, 0 to change, 0 to destroy."),
    ]
    assert lines[-5:] == [
        OutputLine("demo-identity", ""),
        OutputLine("demo-identity", 'first = "v0"'),
        OutputLine("demo-identity", ""),
        OutputLine(None, "  demo-identity"),
        OutputLine(None, "  first = v0"),
    ]


def test_a_terminal_gets_the_same_events() -> None:
    erase = "\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2K\x1b[G"
    drawn = (
        f"\n⠋  Processing\n{erase}\n⠙  Processing\n"
        f"{erase}demo-a  Plan: 1 to add, 0 to change, 0 to destroy.\n"
        "\n\n1 Stack deploying     0 Stacks done     1 Stack waiting\n"
        f"{erase}demo-a  \x1b[1mterraform_data.r (r): Creating...\x1b[0m\n"
    )
    assert events(drawn, "demo-a") == [
        OutputLine("demo-a", "Plan: 1 to add, 0 to change, 0 to destroy."),
        Counted("demo-a", 1, 0, 0),
        OutputLine("demo-a", ""),
        OutputLine("demo-a", "terraform_data.r (r): Creating..."),
        ResourceStarted("demo-a", "terraform_data.r", "create"),
    ]


def test_a_file_that_is_gone_at_once_is_not_named() -> None:
    said = "  first = v0\n\nThe outputs have been written to /tmp/x/outputs.json\n"
    assert events(said, "demo-a") == [OutputLine(None, "  first = v0"), OutputLine(None, "")]


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("aws_iam_role.a: Modifying... [id=a]", ResourceStarted("s", "aws_iam_role.a", "update")),
        ("aws_iam_role.a: Destroying... [id=a]", ResourceStarted("s", "aws_iam_role.a", "delete")),
        (
            "data.tls_certificate.issuer: Reading...",
            ResourceStarted("s", "data.tls_certificate.issuer", "read"),
        ),
        (
            "data.tls_certificate.issuer: Read complete after 0s [id=6f]",
            ResourceDone("s", "data.tls_certificate.issuer", "read", 0),
        ),
        (
            "aws_iam_role.a: Modifications complete after 2s [id=a]",
            ResourceDone("s", "aws_iam_role.a", "update", 2),
        ),
        (
            "aws_iam_role.a: Destruction complete after 1h2m3s",
            ResourceDone("s", "aws_iam_role.a", "delete", 3723),
        ),
        (
            "kubernetes_pod_v1.a: Still destroying... [id=default/awscli, 20s elapsed]",
            ResourceProgress("s", "kubernetes_pod_v1.a", "delete", 20),
        ),
        (
            "kubernetes_pod_v1.a: Still modifying... [id=default/awscli, 01m10s elapsed]",
            ResourceProgress("s", "kubernetes_pod_v1.a", "update", 70),
        ),
        (
            "aws_iam_role.a (deposed object 8f2a): Destroying... [id=a]",
            ResourceStarted("s", "aws_iam_role.a", "delete"),
        ),
        (
            'aws_iam_role.a["k"]: Creating...',
            ResourceStarted("s", 'aws_iam_role.a["k"]', "create"),
        ),
        (
            "Plan: 1 to import, 3 to add, 2 to change, 1 to destroy, 4 to forget.",
            Counted("s", 3, 2, 1),
        ),
        (
            "No changes. Your infrastructure matches the configuration.",
            Counted("s", 0, 0, 0),
        ),
        (
            "Apply complete! Resources: 1 imported, 3 added, 2 changed, 1 destroyed.",
            StackDone("s", 3, 2, 1),
        ),
        ("Destroy complete! Resources: 3 destroyed.", StackDone("s", 0, 0, 3)),
    ],
)
def test_a_sentence_of_terraform_is_an_event(line: str, event: Event) -> None:
    assert list(TerraformLog("s").read(line)) == [OutputLine("s", line), event]


@pytest.mark.parametrize(
    "line",
    [
        "aws_iam_role.a: Refreshing state... [id=a]",
        "aws_iam_role.a: Provisioning with 'local-exec'...",
        '  + description = "x.y: Creating..."',
        "Plan: a holiday",
        "",
    ],
)
def test_anything_else_is_a_line_alone(line: str) -> None:
    assert list(TerraformLog("s").read(line)) == [OutputLine("s", line)]


def test_errors_are_reported_stack_by_stack_and_whole() -> None:
    log = CdktfLog(("demo-discovery", "demo-identity"))
    for line in FAILURE.splitlines():
        list(log.read(line))
    assert log.reports == (
        'Error: Post "https://127.0.0.1:1/apis": dial tcp 127.0.0.1:1: connection refused\n'
        "\n"
        "  with kubernetes_cluster_role_binding_v1.a (a),",
        "Error: creating IAM Role (a): AccessDenied\n"
        "\n"
        "  with aws_iam_role.a (a),\n"
        "  on cdk.tf.json line 64, in resource.aws_iam_role.a (a):\n"
        "  64:       },",
        "Error: creating IAM Role (b): EntityAlreadyExists",
    )


def test_a_framed_error_is_reported_without_its_frame() -> None:
    log = TerraformLog("s")
    for line in (
        "╷",
        "│ Warning: Unable to open CLI configuration file",
        "│",
        '│ The CLI configuration file at "/x" does not exist.',
        "╵",
        "╷",
        "│ Error: Unauthorized",
        "│",
        "│   with a.b,",
        "╵",
        "Releasing state lock. This may take a few moments...",
    ):
        list(log.read(line))
    assert log.reports == ("Error: Unauthorized\n\n  with a.b,",)


def test_cdktf_speaks_for_itself_where_terraform_reported_nothing() -> None:
    log = CdktfLog(("demo-identity",))
    text = "Error: Usage Error: Could not find stack for pattern 'nope'\n    at somewhere"
    for line in text.splitlines():
        list(log.read(line))
    assert log.reports == (text,)


def test_a_report_without_an_end_stays_bounded() -> None:
    log = TerraformLog("s")
    for line in ["Error: endless", *map(str, range(100_000))]:
        list(log.read(line))
    assert [len(report.splitlines()) for report in log.reports] == [200]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2K\x1b[1A\x1b[Gtext", "text"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("bell\x07 and\ttab", "bell\\x07 and   tab"),
        ("ünïcode │", "ünïcode │"),
    ],
)
def test_control_codes_are_taken_out(line: str, shown: str) -> None:
    assert uncoloured(line) == shown


def test_an_index_behind_the_path_of_the_construct_is_part_of_the_address() -> None:
    line = "aws_iam_role.a (a)[0]: Destruction complete after 1s"
    assert [*TerraformLog("prod-identity").read(line)] == [
        OutputLine("prod-identity", line),
        ResourceDone("prod-identity", "aws_iam_role.a[0]", "delete", 1),
    ]
