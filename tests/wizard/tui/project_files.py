"""Configurations as a person may have left them in `clusters/`."""

from __future__ import annotations

PROD = """\
# Ours since 2024; ask the platform team before you change it.
cluster: prod
issuer: https://cluster.example.com # the public load balancer
audience: sts.amazonaws.com

aws:
  region: eu-west-1
  account_id: "123456789012"
  tags: {team: platform}

kubernetes:
  context: prod

workloads:
  # The shop.
  - namespace: default
    service_account: oidc-iam-pod
    role: {managed_policy_arns: [AmazonS3ReadOnlyAccess, job-function/ViewOnlyAccess]}
    test_pod: true
  # Billing: finance pays.
  - namespace: billing
    service_account: app
    trust: audience-only
    role: {managed_policy_arns: [AdministratorAccess]}
"""

STAGING = """\
cluster: staging
issuer: https://staging.example.com
aws: {region: eu-west-1}
kubernetes: {apply: manifests}
workloads:
  - {namespace: default, service_account: oidc-iam-pod}
"""

BROKEN = """\
cluster: broken
isuer: https://broken.example.com
aws: {region: eu-west-1}
kubernetes: {apply: manifests}
workloads:
  - {namespace: Default, service_account: oidc-iam-pod}
"""
