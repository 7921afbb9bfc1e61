package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	helper "github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/orbit-idp/terraform-provider-orbit/internal/certtest"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// The real Terraform and the real provider write all they have to say while an instance is created, changed, and fails.
func TestAccNoSecretIsInTheLog(t *testing.T) {
	t.Parallel()
	if os.Getenv(helper.EnvTfAcc) == "" {
		t.Skip("acceptance tests run with TF_ACC=1")
	}
	api, authority := newFakeAPI(t), certtest.NewCA(t, "root")
	pair, dir := authority.Issue(t, "orbit.example"), t.TempDir()
	endpoint := overTLS(t, api, authority)
	file := filepath.Join(dir, "terraform.log")
	config := func(secret, version, memory string) string {
		return `variable "secret" {
  default   = "` + secret + `"
  ephemeral = true
}
resource "orbit_backstage_instance" "acme" {
  workspace           = "acme"
  deletion_protection = false
  memory_limit_mib    = ` + memory + `
  config              = "integrations: {github: [{host: github.com, token: \"$${TOKEN}\"}]}"
  secrets_wo          = { TOKEN = var.secret }
  secrets_wo_version  = ` + version + `
}
`
	}
	tf := newProject(t, manager{endpoint: endpoint, token: fakeToken}, config("first-s3cret", "1", "512"))
	tf.env = append(tf.env, "TF_LOG=TRACE", "TF_LOG_PATH="+file, "ORBIT_CA_CERT="+string(authority.PEM()),
		"ORBIT_CLIENT_CERT="+string(pair.Cert), "ORBIT_CLIENT_KEY="+string(pair.Key))
	tf.apply(t)
	tf.write(t, config("second-s3cret", "2", "512"))
	tf.apply(t)
	api.change(t, func() {
		api.fail = &orbit.Problem{Title: "Backstage did not start", Code: orbit.CodeBootFailed, Detail: "it does not start"}
	})
	tf.write(t, config("third-s3cret", "3", "1024"))
	want(t, tf.refuse(t, "apply", "-auto-approve"), "Unable to update instance acme", "It does not start")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	log := string(content)
	want(t, strings.Join(linesWith(log, "orbit.api"), "\n"), "request_id=", "workspace=acme", "change=c1", "orbitd answered")
	want(t, strings.Join(linesWith(log, "orbit.planning"), "\n"), "decided what a change costs", "impact=restart")
	for what, secret := range map[string]string{
		"the token": fakeToken, "the client's key": strings.Split(string(pair.Key), "\n")[1],
	} {
		if lines := linesWith(log, secret); len(lines) > 0 {
			t.Errorf("%s is in the log: %s", what, lines[0])
		}
	}
	for _, secret := range []string{"first-s3cret", "second-s3cret", "third-s3cret"} {
		if lines := linesWith(log, secret); len(lines) > 0 {
			t.Errorf("a secret is in the log: %s", lines[0])
		}
	}
}

func linesWith(text, part string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			found = append(found, line)
		}
	}
	return found
}
