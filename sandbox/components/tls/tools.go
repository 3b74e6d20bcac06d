//go:build tools

// Package tls pins the tls provider that the sandbox builds where no registry can be reached.
package tls

import _ "github.com/hashicorp/terraform-provider-tls"
