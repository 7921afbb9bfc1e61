package provider

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// The environment's twins of the provider block.
const (
	envEndpoint       = "ORBIT_ENDPOINT"
	envToken          = "ORBIT_TOKEN"
	envTokenFile      = "ORBIT_TOKEN_FILE" //nolint:gosec // a variable's name, not a credential
	envCACert         = "ORBIT_CA_CERT"
	envCACertFile     = "ORBIT_CA_CERT_FILE"
	envClientCert     = "ORBIT_CLIENT_CERT"
	envClientCertFile = "ORBIT_CLIENT_CERT_FILE"
	envClientKey      = "ORBIT_CLIENT_KEY"
	envClientKeyFile  = "ORBIT_CLIENT_KEY_FILE"
	envDefaultLabels  = "ORBIT_DEFAULT_LABELS"
	envMaxRetries     = "ORBIT_MAX_RETRIES"
	envMaxConcurrency = "ORBIT_MAX_CONCURRENCY"
)

// The variables in which HCP Terraform gives a run its workload identity: the one that is made for this provider first.
const (
	hcpOwnToken = "TFC_WORKLOAD_IDENTITY_TOKEN_ORBIT" //nolint:gosec // a variable's name, not a credential
	hcpToken    = "TFC_WORKLOAD_IDENTITY_TOKEN"       //nolint:gosec // a variable's name, not a credential
)

// Bounds of what the provider may be set to.
const (
	maxMaxRetries     = 10
	maxMaxConcurrency = 64
)

// unreachable says whether a part of the configuration is unknown without which nobody can be asked. Nothing stands in for
// it. Default labels are no such part.
func (m *providerModel) unreachable() bool {
	for _, value := range []attr.Value{
		m.Endpoint, m.Token, m.TokenFile, m.CACert, m.CACertFile, m.ClientCert, m.ClientCertFile, m.ClientKey, m.ClientKeyFile,
		m.MaxRetries, m.MaxConcurrency,
	} {
		if value.IsUnknown() {
			return true
		}
	}
	return false
}

// connect takes over the settings of the provider block, and for each that it leaves out that of the environment. It reads
// no file and asks nobody.
func (m *providerModel) connect(conn *connection, env func(string) string, diags *diag.Diagnostics) {
	conn.endpoint = cmp.Or(m.Endpoint.ValueString(), env(envEndpoint), orbit.DefaultEndpoint)
	conn.token = materialOf("token", m.Token, m.TokenFile, env,
		variable{name: envToken}, variable{name: envTokenFile, file: true}, variable{name: hcpOwnToken}, variable{name: hcpToken})
	conn.trust = trust{
		authority: materialOf("ca_cert", m.CACert, m.CACertFile, env,
			variable{name: envCACert}, variable{name: envCACertFile, file: true}),
		certificate: materialOf("client_cert", m.ClientCert, m.ClientCertFile, env,
			variable{name: envClientCert}, variable{name: envClientCertFile, file: true}),
		key: materialOf("client_key", m.ClientKey, m.ClientKeyFile, env,
			variable{name: envClientKey}, variable{name: envClientKeyFile, file: true}),
	}
	conn.maxRetries = number(m.MaxRetries, envMaxRetries, 0, maxMaxRetries, orbit.DefaultRetryMax, env, diags)
	conn.maxConcurrency = number(m.MaxConcurrency, envMaxConcurrency, 1, maxMaxConcurrency, orbit.DefaultMaxConcurrency, env, diags)

	if err := orbit.ValidateEndpoint(conn.endpoint); err != nil {
		diags.AddAttributeError(path.Root("endpoint"), unableToConfigure, sentence(err.Error()))
		return
	}
	if given, missing := conn.trust.incomplete(); missing != "" {
		diags.AddError(unableToConfigure, "A client certificate and its key go together: beside "+given.from+" set "+missing+".")
	}
	if inTheClear(conn.endpoint) {
		diags.AddAttributeWarning(path.Root("endpoint"), "The token for orbitd goes in the clear", conn.endpoint+" is not this "+
			"machine, and without TLS the token and all secrets can be read on their way. Have orbitd listen with TLS, and "+
			"begin the endpoint with https://.")
	}
}

const unableToConfigure = "Unable to configure the provider orbit"

// number is a setting of the provider block, or else of the environment.
func number(value types.Int64, variable string, lowest, highest, standard int, env func(string) string, diags *diag.Diagnostics) int {
	if !value.IsNull() {
		return int(value.ValueInt64()) // the schema has the bounds
	}
	text := env(variable)
	if text == "" {
		return standard
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < lowest || n > highest {
		diags.AddError(unableToConfigure, fmt.Sprintf("%s of the environment is %q, it has to be a number from %d to %d.",
			variable, text, lowest, highest))
	}
	return n
}

// defaultLabels are those of the provider block, or else of the environment.
func (m *providerModel) defaultLabels(env func(string) string, diags *diag.Diagnostics) types.Map {
	labels := m.DefaultLabels
	if labels.IsNull() {
		labels = labelsOf(env(envDefaultLabels), diags)
	}
	for _, finding := range declare.Labels(knownLabels(labels)) {
		if m.DefaultLabels.IsNull() {
			diags.AddError(unableToConfigure, envDefaultLabels+" of the environment: "+fullStop(finding.Message))
		} else {
			diags.AddAttributeError(path.Root("default_labels"), unableToConfigure, sentence(finding.Message))
		}
	}
	return labels
}

// labelsOf reads labels as the environment has them: team=payments,stage=production.
func labelsOf(text string, diags *diag.Diagnostics) types.Map {
	elements := map[string]attr.Value{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		if !found {
			diags.AddError(unableToConfigure, fmt.Sprintf("%s of the environment has %q in it, which is no label. Write it as "+
				"team=payments,stage=production.", envDefaultLabels, part))
		}
		elements[name] = types.StringValue(value)
	}
	return types.MapValueMust(types.StringType, elements)
}
