package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

type providerModel struct {
	Endpoint       types.String `tfsdk:"endpoint"`
	Token          types.String `tfsdk:"token"`
	TokenFile      types.String `tfsdk:"token_file"`
	CACert         types.String `tfsdk:"ca_cert"`
	CACertFile     types.String `tfsdk:"ca_cert_file"`
	ClientCert     types.String `tfsdk:"client_cert"`
	ClientCertFile types.String `tfsdk:"client_cert_file"`
	ClientKey      types.String `tfsdk:"client_key"`
	ClientKeyFile  types.String `tfsdk:"client_key_file"`
	DefaultLabels  types.Map    `tfsdk:"default_labels"`
	MaxRetries     types.Int64  `tfsdk:"max_retries"`
	MaxConcurrency types.Int64  `tfsdk:"max_concurrency"`
}

func providerSchema() schema.Schema {
	attributes := map[string]schema.Attribute{
		"endpoint": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Base URL of orbitd's API. Default: `" + envEndpoint + "` of the environment, else `" +
				orbit.DefaultEndpoint + "`. It is reached through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of " +
				"the environment name; this machine is reached directly.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"default_labels": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Labels of every instance. An instance's own `labels` go before them; `labels_all` shows both " +
				"together. Default: `" + envDefaultLabels + "` of the environment, as `team=payments,stage=production`; set it " +
				"for the apply as it was for the plan.",
			Validators: []validator.Map{mapvalidator.NoNullValues()},
		},
		"max_retries": schema.Int64Attribute{
			Optional: true,
			MarkdownDescription: fmt.Sprintf("How many times a request is repeated that orbitd did not carry out, or that may be "+
				"carried out twice, from 0 to %d. Default: `%s` of the environment, else `%d`.", maxMaxRetries, envMaxRetries, orbit.DefaultRetryMax),
			Validators: []validator.Int64{int64validator.Between(0, maxMaxRetries)},
		},
		"max_concurrency": schema.Int64Attribute{
			Optional: true,
			MarkdownDescription: fmt.Sprintf("How many requests are under way at a time, from 1 to %d; waiting for changes does not "+
				"count. Default: `%s` of the environment, else `%d`.", maxMaxConcurrency, envMaxConcurrency, orbit.DefaultMaxConcurrency),
			Validators: []validator.Int64{int64validator.Between(1, maxMaxConcurrency)},
		},
	}
	addMaterial(attributes, "token", true, "Bearer token for orbitd", "Default: `"+envToken+"` of the environment, then `"+
		envTokenFile+"`, then the workload identity that HCP Terraform gives a run: `"+hcpOwnToken+"`, then `"+hcpToken+"`. Prefer "+
		"one of them, or `token_file`, so that it stands in no configuration.")
	addMaterial(attributes, "ca_cert", false, "Certificates of the authorities that orbitd's certificate may come from, as PEM",
		"They alone are trusted then. Default: `"+envCACert+"` of the environment, then `"+envCACertFile+"`, else the system's.")
	addMaterial(attributes, "client_cert", false, "Certificate by which orbitd knows the provider, with those up to its authority, as PEM",
		"It needs `client_key` or `client_key_file` beside it. Default: `"+envClientCert+"` of the environment, then `"+envClientCertFile+"`.")
	addMaterial(attributes, "client_key", true, "Key of the client certificate, as PEM without a passphrase",
		"Default: `"+envClientKey+"` of the environment, then `"+envClientKeyFile+"`.")
	return schema.Schema{
		MarkdownDescription: "Runs a Backstage of its own for every workspace, through the instance manager `orbitd`. " +
			"Every plan tells what a change costs: nothing, a live update, or a restart.",
		Attributes: attributes,
	}
}

// addMaterial adds an attribute and its twin that names a file.
func addMaterial(attributes map[string]schema.Attribute, name string, secret bool, what, otherwise string) {
	attributes[name] = schema.StringAttribute{
		Optional: true, Sensitive: secret,
		MarkdownDescription: what + ". " + otherwise,
		Validators: []validator.String{
			stringvalidator.LengthAtLeast(1), stringvalidator.ConflictsWith(path.MatchRoot(name + "_file")),
		},
	}
	attributes[name+"_file"] = schema.StringAttribute{
		Optional: true,
		MarkdownDescription: "File with what `" + name + "` has, in its place. It is read when it is needed, not when " +
			"the provider starts.",
		Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
	}
}
