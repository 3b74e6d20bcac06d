"""Verdicts on the trust policies that this project writes."""

from federation.iam.evaluation import Decision, evaluate
from federation.iam.trust_policy import trust_policy

ARN = "arn:aws:iam::123456789012:oidc-provider/cluster.example.com"
POLICY = trust_policy(
    ARN, "cluster.example.com", ["sts.amazonaws.com"], "system:serviceaccount:default:app"
)
CLAIMS = {
    "iss": "https://cluster.example.com",
    "aud": ["sts.amazonaws.com"],
    "sub": "system:serviceaccount:default:app",
}


def test_lets_in_the_service_account_that_the_policy_names() -> None:
    assert evaluate(POLICY, CLAIMS, federated=ARN) == Decision(True, 0)


def test_says_which_condition_keeps_another_service_account_out() -> None:
    claims = CLAIMS | {"sub": "system:serviceaccount:default:other"}

    assert evaluate(POLICY, claims) == Decision(
        False,
        None,
        (
            "Statement[0]: StringEquals cluster.example.com:sub: "
            "saw 'system:serviceaccount:default:other', "
            "expected 'system:serviceaccount:default:app'.",
        ),
    )
