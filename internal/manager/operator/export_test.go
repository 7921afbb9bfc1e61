package operator

// What tests of the package's decisions need of it.
var (
	Fresh    = fresh
	Since    = since
	Lasted   = lasted
	Group    = group
	Troubled = troubled
)

// Rollout is a rollout.
type Rollout = rollout
