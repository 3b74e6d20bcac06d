"""`ClusterConfig` to Terraform with CDKTF.

A cluster has three stacks, since three kinds of people own them.

`app` puts the stacks together, `discovery`, `identity` and `workloads` say what each holds,
`cluster_stack` what they share, and `bindings` makes importing the providers quick.
"""
