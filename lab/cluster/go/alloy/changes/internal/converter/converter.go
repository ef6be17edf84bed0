// Package converter makes Alloy's configuration of other programs'. This build has no converter.
package converter

import "github.com/grafana/alloy/internal/converter/diag"

// Input is a format.
type Input string

// SupportedFormats is empty.
var SupportedFormats []string

// Convert says that it can't.
func Convert([]byte, Input, []string) ([]byte, diag.Diagnostics) {
	var diags diag.Diagnostics
	diags.Add(diag.SeverityLevelCritical, "this build of Alloy converts nothing")
	return nil, diags
}
