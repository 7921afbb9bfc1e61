package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Functions are pure: they work without orbitd, and while values of the provider block are unknown.
func (p *orbitProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newMergeFunction, newImpactFunction, newParseRefFunction, newFormatRefFunction}
}

// argumentError is what is wrong with an argument. Terraform ends it with a full stop of its own.
func argumentError(argument int, text string) *function.FuncError {
	return function.NewArgumentFuncError(int64(argument), strings.TrimSuffix(capital(text), "."))
}

// readDocument reads the app-config that an argument holds. The error names the argument, the line and the column.
func readDocument(argument int, text string) (appconfig.Document, *function.FuncError) {
	document, findings := appconfig.Parse(text)
	if !orbit.HasErrors(findings) {
		return document, nil
	}
	lines := make([]string, len(findings))
	for i, finding := range findings {
		lines[i] = fullStop(fmt.Sprintf("Argument %d: %s", argument+1, finding))
	}
	return appconfig.Document{}, argumentError(argument, strings.Join(lines, "\n"))
}
