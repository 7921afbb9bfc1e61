package provider

import (
	"cmp"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// instanceDataModel is the data source orbit_backstage_instance.
type instanceDataModel struct {
	Workspace          types.String               `tfsdk:"workspace"`
	Release            types.String               `tfsdk:"release"`
	Config             types.String               `tfsdk:"config"`
	Plugins            map[string]pluginDataModel `tfsdk:"plugins"`
	Variables          map[string]string          `tfsdk:"variables"`
	Labels             map[string]string          `tfsdk:"labels"`
	LiteralSecrets     types.String               `tfsdk:"literal_secrets"`
	SecretNames        []string                   `tfsdk:"secret_names"`
	SecretsVersion     types.Int64                `tfsdk:"secrets_version"`
	UI                 types.Bool                 `tfsdk:"ui"`
	BaseURL            types.String               `tfsdk:"base_url"`
	MemoryLimitMiB     types.Int64                `tfsdk:"memory_limit_mib"`
	DeletionProtection types.Bool                 `tfsdk:"deletion_protection"`
	RestartPolicy      types.String               `tfsdk:"restart_policy"`
	URL                types.String               `tfsdk:"url"`
	APIURL             types.String               `tfsdk:"api_url"`
	DatabaseName       types.String               `tfsdk:"database_name"`
	Generation         types.Int64                `tfsdk:"generation"`
	CreatedAt          types.String               `tfsdk:"created_at"`
	Status             *statusModel               `tfsdk:"status"`
}

type pluginDataModel struct {
	Version         types.String `tfsdk:"version"`
	ResolvedVersion types.String `tfsdk:"resolved_version"`
	Config          types.String `tfsdk:"config"`
	SecretNames     []string     `tfsdk:"secret_names"`
	SecretsVersion  types.Int64  `tfsdk:"secrets_version"`
	Owner           types.String `tfsdk:"owner"`
}

type statusModel struct {
	Phase              types.String     `tfsdk:"phase"`
	ObservedGeneration types.Int64      `tfsdk:"observed_generation"`
	PendingRestart     types.Bool       `tfsdk:"pending_restart"`
	PendingReasons     []reasonModel    `tfsdk:"pending_reasons"`
	PID                types.Int64      `tfsdk:"pid"`
	MemoryBytes        types.Int64      `tfsdk:"memory_bytes"`
	MemoryLimit        types.String     `tfsdk:"memory_limit"`
	Bundle             types.String     `tfsdk:"bundle"`
	StartedAt          types.String     `tfsdk:"started_at"`
	Conditions         []conditionModel `tfsdk:"conditions"`
}

type conditionModel struct {
	Type               types.String `tfsdk:"type"`
	Status             types.String `tfsdk:"status"`
	Reason             types.String `tfsdk:"reason"`
	Message            types.String `tfsdk:"message"`
	LastTransitionTime types.String `tfsdk:"last_transition_time"`
	ObservedGeneration types.Int64  `tfsdk:"observed_generation"`
}

func newInstanceDataModel(instance *orbit.Instance, plugins []orbit.Plugin) *instanceDataModel {
	model := &instanceDataModel{
		Workspace:          types.StringValue(instance.Workspace),
		Release:            types.StringValue(instance.Release),
		Config:             orNull(instance.Config),
		Plugins:            make(map[string]pluginDataModel, len(plugins)),
		Variables:          instance.Variables,
		Labels:             instance.Labels,
		LiteralSecrets:     types.StringValue(string(cmp.Or(instance.LiteralSecrets, orbit.LiteralsWarn))),
		SecretNames:        append([]string{}, instance.SecretNames...),
		SecretsVersion:     types.Int64Value(instance.SecretsVersion),
		UI:                 types.BoolValue(instance.HasUI()),
		BaseURL:            orNull(instance.BaseURL),
		MemoryLimitMiB:     types.Int64Value(int64(instance.MemoryLimitMiB)),
		DeletionProtection: types.BoolValue(instance.DeletionProtection),
		RestartPolicy:      types.StringValue(string(cmp.Or(instance.RestartPolicy, orbit.RestartAuto))),
		URL:                types.StringValue(instance.URL),
		APIURL:             types.StringValue(instance.APIURL),
		DatabaseName:       types.StringValue(instance.DatabaseName),
		Generation:         types.Int64Value(instance.Generation),
		CreatedAt:          timestamp(instance.CreatedAt),
		Status:             newStatusModel(instance.Status),
	}
	for _, plugin := range plugins {
		model.Plugins[plugin.Package] = pluginDataModel{
			Version:         types.StringValue(plugin.Version),
			ResolvedVersion: installedVersion(plugin.PluginSpec),
			Config:          orNull(plugin.Config),
			SecretNames:     append([]string{}, plugin.SecretNames...),
			SecretsVersion:  types.Int64Value(plugin.SecretsVersion),
			Owner:           types.StringValue(string(plugin.Owner)),
		}
	}
	return model
}

func newStatusModel(status orbit.InstanceStatus) *statusModel {
	model := &statusModel{
		Phase:              types.StringValue(string(status.Phase)),
		ObservedGeneration: types.Int64Value(status.ObservedGeneration),
		PendingRestart:     types.BoolValue(status.PendingRestart),
		PendingReasons:     newReasonModels(status.PendingReasons),
		PID:                orNullNumber(int64(status.PID)),
		MemoryBytes:        orNullNumber(status.MemoryBytes),
		MemoryLimit:        orNull(status.MemoryLimit),
		Bundle:             orNull(status.Bundle),
		Conditions:         make([]conditionModel, 0, len(status.Conditions)),
	}
	if status.StartedAt != nil {
		model.StartedAt = timestamp(*status.StartedAt)
	}
	for _, condition := range status.Conditions {
		model.Conditions = append(model.Conditions, conditionModel{
			Type:               types.StringValue(condition.Type),
			Status:             types.StringValue(condition.Status),
			Reason:             types.StringValue(condition.Reason),
			Message:            orNull(condition.Message),
			LastTransitionTime: timestamp(condition.LastTransitionTime),
			ObservedGeneration: types.Int64Value(condition.ObservedGeneration),
		})
	}
	return model
}

func orNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

func orNullNumber(number int64) types.Int64 {
	if number == 0 {
		return types.Int64Null()
	}
	return types.Int64Value(number)
}

func timestamp(at time.Time) types.String { return types.StringValue(at.UTC().Format(time.RFC3339)) }
