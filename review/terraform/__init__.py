"""The synthesized stacks as Terraform that a person would have written.

`stacks.*` make the JSON, and `wizard.cli.review` reads it; here it becomes HCL that says the same
with the same addresses. `expressions` and `hcl` write Terraform's language in its canonical form,
`portable` frees a stack of the folder that it was made for, and `folder` lays the files out.
"""
