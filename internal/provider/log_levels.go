package provider

import (
	"cmp"
	"slices"
	"strings"
)

// LogLevels are variables of the environment that make the provider write no more log than Terraform shows, given the
// environment that Terraform started it in. Without them the framework writes a line for each step with each attribute,
// whatever TF_LOG says, and Terraform reads them all to throw them away: in a refresh of many resources that takes longer
// than everything else together. What is set already stays.
func LogLevels(env func(string) string) map[string]string {
	level := strings.ToUpper(cmp.Or(env("TF_LOG_PROVIDER"), env("TF_LOG"), "OFF"))
	if !slices.Contains([]string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "OFF"}, level) {
		level = "TRACE" // Terraform reads JSON, and whatever it does not know, as everything
	}
	levels := map[string]string{}
	for _, variable := range []string{"TF_LOG_SDK", "TF_LOG_PROVIDER_ORBIT"} {
		if env(variable) == "" {
			levels[variable] = level
		}
	}
	return levels
}
