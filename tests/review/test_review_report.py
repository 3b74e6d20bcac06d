"""The documents for reviewers; `test_review_bundle.py` compares those of other configurations.

`OIDC_IAM_ACCEPT=1 pytest tests/review/test_review_report.py` writes those of `fleet.yaml` again;
the difference is then read before it is committed.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from review_examples import SAFE, presented

from federation.errors import UserError
from federation.keys import key_files
from federation.model.config import ClusterConfig
from federation.yaml import files
from federation.yaml.files import PROJECT, load
from review.facts.evidence import chain_file
from review.facts.planned import judge_plan
from review.plan.changes import AttributeChange, Plan, ResourceChange, StackPlan
from review.report import documents
from review.report.material import Known
from review.report.model import Paragraph, ReviewDocument, Section, prose
from review.report.rendering import html, markdown
from review.report.signing import digest

HERE = Path(__file__).parent
STACKS = PROJECT / "tests" / "stacks" / "configurations"
FLEET = HERE / "fleet.yaml"
ACCEPT = bool(os.environ.get("OIDC_IAM_ACCEPT"))
HOSTILE = "<b>|</b> `x` ``y`` **bold** [a](b) &amp; \\ \\| _it_ ~~s~~ #1 <!-- {{ 7 * 7 }}"
"""What would be markup, in Markdown, in a table of it, in HTML or in a template."""


def config(**changes: Any) -> ClusterConfig:
    return files.validate(SAFE | changes)


def hostile() -> ClusterConfig:
    return config(
        audience=[HOSTILE, "sts.amazonaws.com"],
        aws=SAFE["aws"] | {"permissions_boundary": None},
        lint={
            "accept": [
                {"code": "no-permissions-boundary", "reason": HOSTILE, "until": "2027-01-30"}
            ]
        },
    )


def test_forty_workloads_become_exactly_these_documents() -> None:
    made = dict(documents(load(FLEET)))
    expected = HERE / "expected" / "fleet"
    if ACCEPT:
        shutil.rmtree(expected, ignore_errors=True)
        expected.mkdir(parents=True)
        for name, text in made.items():
            (expected / name).write_text(text, encoding="utf-8")
    kept = {path.name: path.read_text(encoding="utf-8") for path in expected.iterdir()}
    assert made == kept


class _Texts(HTMLParser):
    """The texts of a page, block by block, and its elements."""

    BLOCKS = ("h1", "h2", "h3", "p", "li", "th", "td", "pre")

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.elements: set[str] = set()
        self._open: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        if tag in self.BLOCKS:
            self._open = tag
            self.texts.append("")
        elif tag == "br" and self._open:
            self.texts[-1] += "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[-1] += data


def blocks(page: str) -> tuple[list[str], set[str]]:
    parser = _Texts()
    parser.feed(page)
    return [text.strip() for text in parser.texts], parser.elements


def as_github_shows(text: str) -> str:
    github = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return str(github.render(text))


def without_captions(page: str) -> str:
    """A page of Markdown without what HTML has as captions: lines all bold or all slanted."""
    page = re.sub(r"<p>(<strong>[^<]*</strong>|<em>[^<]*</em>|<img [^>]*>)</p>", "", page)
    return page.replace("<blockquote>", "").replace("</blockquote>", "")


OTHERS = sorted(STACKS.glob("*.yaml"))


@pytest.mark.parametrize(
    "configuration",
    [hostile(), load(FLEET), *map(load, OTHERS)],
    ids=["hostile", "fleet", *(path.stem for path in OTHERS)],
)
def test_both_forms_say_the_same(configuration: ClusterConfig) -> None:
    made = documents(configuration)
    ours, _ = blocks(made["review.html"])
    theirs, _ = blocks(without_captions(as_github_shows(made["REVIEW.md"])))
    assert ours == theirs


def test_values_are_text_and_never_markup() -> None:
    usual = documents(config(audience=["a", "sts.amazonaws.com"]))
    made = documents(hostile())
    for name, shown in (("review.html", str), ("REVIEW.md", as_github_shows)):
        texts, elements = blocks(shown(made[name]))
        assert elements <= blocks(shown(usual[name]))[1] | {"br"}
        assert sum(HOSTILE in text for text in texts) >= 3, name


def test_a_character_that_turns_the_direction_of_text_is_shown_as_an_escape() -> None:
    made = ReviewDocument("a\u202eb", (Section("c", (Paragraph(prose("{}", "d\u202e\ne")),)),))
    assert blocks(html(made))[0] == ["a\\u202eb", "c", "c", "d\\u202e\\ne"]
    assert markdown(made) == "# a\\\\u202eb\n\n1. [c](#c)\n\n## c\n\n`d\\u202e\\ne`\n"


def test_an_address_in_a_text_does_not_become_a_link() -> None:
    made = ReviewDocument("https://a.example or www.b.example", ())
    assert markdown(made) == "# https\\://a.example or www\\.b.example\n\n"


def test_the_folder_of_a_file_that_was_read_is_not_told() -> None:
    estate = chain_file(presented(authority=False)[1][0], "/home/me/chain.pem")
    found = section(documents(config(), Known(estate)), "Findings")
    assert re.findall(r"^- (`[^`]*`)", found, re.MULTILINE) == ["`chain.pem`", "`chain.pem`"]


def section(made: Mapping[str, str], title: str) -> str:
    """A section of the Markdown, without its heading."""
    _, _, rest = made["REVIEW.md"].partition(f"\n## {title}\n")
    return rest.partition("\n## ")[0].strip()


def test_an_acceptance_counts_until_its_last_day_is_over() -> None:
    accepted = "`no-permissions-boundary`<br>note: The role has no permissions boundary"
    for today, counts in ((None, True), (date(2027, 1, 30), True), (date(2027, 1, 31), False)):
        made = documents(hostile(), Known(today=today))
        assert (accepted in section(made, "Findings")) is counts


def test_a_private_bucket_is_told_with_who_can_write_to_it() -> None:
    told = section(documents(load(STACKS / "distribution.yaml")), "Discovery documents")
    assert told.split("\n\n")[3:5] == [
        "CloudFront serves them for `issuer.example.com` with the certificate "
        "`arn:aws:acm:us-east-1:123456789012:certificate/0f3f1a7e-7a0f-4c63-8c7f-1b1f0d1d8f10`, "
        "from the private bucket `example-issuers`: public access is blocked, and the bucket's "
        "policy lets this one distribution read the two objects.",
        "Requests without TLS are denied, and old versions of the objects are kept. The API server "
        "itself needs no address on the internet. **Anyone who can write the objects controls "
        "every role:** any identity of the account with `s3:PutObject` on the bucket can publish a "
        "key of its own, and obtain every role.",
    ]


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("http://127.0.0.1:5000", "Requests without TLS are admitted by this emulator, and"),
        ("https://aws.example.com", "Requests without TLS are denied, and"),
        (None, "Requests without TLS are denied, and"),
    ],
)
def test_requests_without_tls_are_denied_where_the_policy_says_so(
    endpoint: str | None, said: str
) -> None:
    document = load(STACKS / "bucket.yaml").model_dump(mode="json")
    document["aws"]["endpoint_url"] = endpoint
    made = documents(ClusterConfig.model_validate(document))
    assert said in section(made, "Discovery documents")


def test_documents_that_something_else_serves_are_somebody_elses_to_tell_of() -> None:
    told = section(documents(load(STACKS / "adopted.yaml")), "Discovery documents")
    assert told.split("\n\n")[3:] == [
        "This configuration does not serve the documents: something outside it, such as a proxy "
        "or a web server, must. **Ask its operator.** Anyone who can write what it serves "
        "controls every role, and is not part of this document."
    ]


def test_an_account_that_an_adopted_provider_names_is_the_one() -> None:
    made = documents(load(STACKS / "adopted.yaml"))
    assert "| AWS account | `123456789012` |" in section(made, "Purpose").splitlines()
    assert "111111111111" not in made["REVIEW.md"]


def test_the_presented_chain_tells_whose_a_thumbprint_is() -> None:
    estate, _ = presented(authority=True)
    leaf, root = estate.chains[0].certificates
    stranger = "0" * 40
    pinned = config(discovery={"thumbprint": [root.thumbprint, leaf.thumbprint, stranger]})
    rows = [
        line
        for line in section(documents(pinned, Known(estate)), "Thumbprints").splitlines()
        if line.startswith("| `")
    ]
    assert rows == [
        f"| `{root.thumbprint}` | `{root.subject}` (an authority) |",
        f"| `{leaf.thumbprint}` | `{leaf.subject}` "
        "(the server's own, which breaks at its renewal) |",
        f"| `{stranger}` | **matches no presented certificate** |",
        f"| `{leaf.subject}` | `{leaf.thumbprint}` | no | no |",
        f"| `{root.subject}` | `{root.thumbprint}` | yes | no |",
    ]


def test_a_certificate_of_another_name_is_told() -> None:
    elsewhere = config(discovery={"endpoint": "https://lb.example.com:6443"})
    assert section(documents(elsewhere), "Thumbprints").split("\n\n")[2] == (
        "Terraform gets the certificate for the name of that address, `lb.example.com`, which "
        "may not be the one that AWS sees at `oidc.example.com`: compare the two."
    )


def test_a_key_file_that_is_not_there_is_an_error_of_whoever_asks() -> None:
    bucket = load(STACKS / "bucket.yaml").model_dump()
    bucket["discovery"]["s3"]["keys"] = ["tests/stacks/keys/none.pub"]
    with pytest.raises(
        UserError,
        match=r"^tests/stacks/keys/none.pub: there is no such file\. Check the name\.$",
    ):
        documents(ClusterConfig.model_validate(bucket))


def test_the_digest_is_of_the_values_and_not_of_how_they_are_written() -> None:
    written_out = SAFE | {"audience": ["sts.amazonaws.com"], "lint": {"accept": []}}
    assert digest(files.validate(written_out)) == digest(config())
    assert digest(config(audience=["other"])) != digest(config())


def test_the_digest_is_of_the_public_keys_too_whatever_their_files_are_called() -> None:
    (rsa,), (ec,) = (
        key_files.read([f"{name}.pub"], STACKS.parent / "keys") for name in ("rsa", "ec")
    )
    digests = {digest(config(), keys) for keys in ((), (rsa,), (ec,), (rsa, ec))}
    assert len(digests) == 4
    assert digest(config(), (ec, rsa)) == digest(config(), (rsa, ec))


def test_what_the_api_server_shows_besides_a_bucket_is_told_as_that() -> None:
    bucket = load(STACKS / "bucket.yaml").model_dump()
    bucket["discovery"]["exposure"] = "binding"
    text = section(documents(ClusterConfig.model_validate(bucket)), "Discovery documents")
    assert text.split("\n\n")[-1] == (
        "The ClusterRoleBinding `oidc-reviewer` also lets requests without credentials read the "
        "API server's own two documents. AWS does not read those: `discovery.exposure: none` "
        "removes the binding."
    )


def test_a_plan_is_among_what_the_document_follows_from() -> None:
    nothing = judge_plan(Plan((StackPlan("a-identity", ()),)))
    grounds = section(documents(config(), planned=nothing), "Sign-off").splitlines()
    assert [line for line in grounds if line.startswith("- The document follows")] == [
        "- The document follows from the configuration, the options that it was made with and what "
        "was deployed when the plan was made: the same inputs give the same bytes."
    ]


def test_a_plan_that_breaks_roles_is_told_at_the_top() -> None:
    url = AttributeChange("url", '"old"', '"new"', replaces=True)
    changed = (
        ResourceChange(
            "aws_iam_openid_connect_provider.cluster",
            "aws_iam_openid_connect_provider",
            "cluster",
            "replace",
            (url,),
        ),
        ResourceChange("data.tls_certificate.issuer", "tls_certificate", "issuer", "read"),
    )
    planned = judge_plan(Plan((StackPlan("a-identity", changed), StackPlan("a-workloads", ()))))
    made = documents(config(), planned=planned)
    assert section(made, "Purpose").splitlines()[2] == (
        "> **The deployment breaks every role.** **Replaces the OIDC provider old "
        "because of url. From then on AWS rejects all of the cluster's tokens, for every role.** "
        "(`aws_iam_openid_connect_provider.cluster` in `a-identity`)"
    )
    assert section(made, "What a deployment will change") == (
        "1 to add, 0 to change, 1 to destroy. The differences in each resource are in `PLAN.md`, "
        "and in `plan.json` for programs; sensitive values are left out.\n\n"
        "**Changes in a-identity**\n\n"
        "| Resource | What happens |\n"
        "| --- | --- |\n"
        "| `aws_iam_openid_connect_provider.cluster` | Replaces the OIDC provider "
        "old. |"
    )
    assert "What a deployment will change" not in documents(config())["REVIEW.md"]
