package provider_test

import (
	"strings"
	"testing"
)

// A development's many instances are told of in one warning, and each is counted.
func TestAccGuestsAreToldOfOnce(t *testing.T) {
	t.Parallel()
	m := realManager(t, "guests")
	tf := openProject(t, m, t.TempDir())
	tf.write(t, requirement+`
provider "orbit" {}

resource "orbit_backstage_instance" "all" {
  for_each  = toset(["a", "b", "c"])
  workspace = "`+m.workspace+`-${each.key}"
  config    = "auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}"
}
`)
	tf.do(t, "init")
	output := tf.plan(t)
	want(t, output, "3 to add", "2 more similar warnings elsewhere", "is signed in as a guest; that is for")
	if n := strings.Count(output, "Warning: Everybody is signed in as a guest"); n != 1 {
		t.Errorf("the plan warns %d times, want once:\n%s", n, output)
	}
}
