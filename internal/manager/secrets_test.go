package manager_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func withSecrets(version int64, values map[string]string) func(*orbit.InstanceWrite) {
	return func(w *orbit.InstanceWrite) { w.SecretsVersion, w.Secrets = version, values }
}

func TestSecretsReachTheProcessAndNothingElse(t *testing.T) {
	t.Parallel()
	s, c := ownServer(t)
	const value = "a-very-secret-value"
	const config = "app:\n  title: ${TITLE}\n"
	declare(t, c, "sealed", config, withSecrets(1, map[string]string{"TITLE": value}))
	if _, body := ask(t, s, "sealed"); !strings.Contains(body, value) {
		t.Errorf("the process was not given the secret: %s", body)
	}
	i := instance(t, c, "sealed")
	if i.Config != config || !slices.Equal(i.SecretNames, []string{"TITLE"}) {
		t.Errorf("the API shows config %q and secrets %v, want the reference and the name", i.Config, i.SecretNames)
	}
	s.Runtime.Log("sealed", "connecting with "+value)
	logs, err := c.GetLogs(t.Context(), "sealed", 10)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(logs.Lines, "\n"); strings.Contains(text, value) || !strings.Contains(text, "connecting with") {
		t.Errorf("the log reads %q, want the line with the secret masked", text)
	}
	// Everything that orbitd and PostgreSQL wrote.
	err = filepath.WalkDir(filepath.Dir(s.Manager.TokenFile()), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && bytes.Contains(content, []byte(value)) {
			t.Errorf("%s contains the secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestARotatedSecretCostsWhatItsReadersCost(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const config = "proxy:\n  endpoints:\n    /x: {target: 'http://127.0.0.1:1', headers: {Authorization: '${TOKEN}'}}\n"
	declare(t, c, "rotated", config, withSecrets(1, map[string]string{"TOKEN": "first-value", "OTHER": "unused"}))
	pid := instance(t, c, "rotated").Status.PID

	applied(t, declare(t, c, "rotated", config, withSecrets(2, map[string]string{"TOKEN": "first-value", "OTHER": "changed"})), orbit.ImpactNone)
	applied(t, declare(t, c, "rotated", config, withSecrets(3, map[string]string{"TOKEN": "second-value", "OTHER": "changed"})), orbit.ImpactLive)
	if _, body := ask(t, s, "rotated"); !strings.Contains(body, "second-value") {
		t.Errorf("the process was not given the new value: %s", body)
	}
	if now := instance(t, c, "rotated").Status.PID; now != pid {
		t.Error("rotating a secret whose reader is live replaced the process")
	}
	remove(t, c, "rotated")
}

func TestAFailedRotationIsPutBack(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	const config = "app:\n  title: ${TITLE}\n"
	declare(t, c, "unrotated", config, withSecrets(1, map[string]string{"TITLE": "good-value"}))
	change := declare(t, c, "unrotated", config, withSecrets(2, map[string]string{"TITLE": brokenTitle}))
	if change.State != orbit.ChangeFailed {
		t.Fatalf("the change is %s, want failed", change.State)
	}
	if i := instance(t, c, "unrotated"); i.SecretsVersion != 1 {
		t.Errorf("the secrets' version is %d, want 1 as before", i.SecretsVersion)
	}
	applied(t, declare(t, c, "unrotated", config+"  support: {}\n"), orbit.ImpactRestart)
	if _, body := ask(t, s, "unrotated"); !strings.Contains(body, "good-value") {
		t.Errorf("the secret was not put back: %s", body)
	}
	remove(t, c, "unrotated")
}

func TestAProblemDoesNotGiveASecretAway(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	change := declare(t, c, "masked", title(brokenTitle), withSecrets(1, map[string]string{"TOKEN": "hunter2hunter2"}))
	if change.State != orbit.ChangeFailed || len(change.Problem.LogTail) == 0 {
		t.Fatalf("the change is %+v, want failed with the log's tail", change)
	}
	if tail := strings.Join(change.Problem.LogTail, "\n"); strings.Contains(tail, "hunter2") {
		t.Errorf("the log's tail shows the secret: %q", tail)
	}
}
