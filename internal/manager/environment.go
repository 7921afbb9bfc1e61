package manager

// The variables of orbitd's environment whose values are secret. The program reads them once and takes them out.
const (
	SealingKeyVariable  = "ORBIT_SEALING_KEY"
	PostgresURLVariable = "ORBIT_POSTGRES_URL"
)

// secretVariables are what a successor needs of what this program took out of its environment.
func (o Options) secretVariables() []string {
	var variables []string
	if o.SealingKey.Value != "" {
		variables = append(variables, SealingKeyVariable+"="+o.SealingKey.Value)
	}
	if o.PostgresURL != "" {
		variables = append(variables, PostgresURLVariable+"="+o.PostgresURL)
	}
	return variables
}
