package operator

import (
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// What tests of the package's decisions need of it.
var (
	Fresh = fresh
	Since = since
	Group = group
)

// Rollout is a rollout.
type Rollout = rollout

// LastedOf is what people read of how long it took.
func LastedOf(d time.Duration) string { return lasted(d) }

// Troubled says whether a condition is one to look after.
func Troubled(c orbit.Condition) bool { return condition{c}.troubled() }
