package manager_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vault"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// sealedWith are the ids of the keys that sealed what is stored.
func sealedWith(t *testing.T, s *managertest.Server) []string {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), s.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(context.WithoutCancel(t.Context())) }()
	rows, err := connection.Query(t.Context(), "SELECT key_id FROM secrets UNION SELECT key_id FROM credentials ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// reseal makes the server's values those of another key while orbitd does not run, and returns what it said.
func reseal(t *testing.T, s *managertest.Server, newKeyFile string) (said string, err error) {
	t.Helper()
	started := s.Offline(t.Context(), func(o manager.Options) error {
		err = manager.Reseal(t.Context(), o, newKeyFile, func(what string) { said += what + "\n" })
		return nil
	})
	if started != nil {
		t.Fatalf("orbitd does not start again: %v", started)
	}
	return said, err
}

// interrupt reseals the server's values up to the point where one that dies leaves them: died is what ends it before its
// transaction is written, nil lets it be written and leaves the key file as it is then. Then orbitd starts.
func interrupt(t *testing.T, s *managertest.Server, died error) {
	t.Helper()
	err := s.Offline(t.Context(), func(o manager.Options) error {
		rotation, err := secret.NewRotation(t.Context(), o.SealingKey, o.DataDir, "")
		if err != nil {
			return err
		}
		config, err := pgxpool.ParseConfig(s.DatabaseURL())
		if err != nil {
			return err
		}
		opened, err := store.Open(t.Context(), config)
		if err != nil {
			return err
		}
		defer opened.Close()
		_, _, err = vault.New(rotation.Keyring, opened).Reseal(t.Context(), func() error { return errors.Join(rotation.Prepare(), died) })
		if errors.Is(err, died) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatalf("interrupt: %v", err)
	}
}

// holding is a server with an instance and a plugin that have secrets.
func holding(t *testing.T) (s *managertest.Server, serves func(instances, plugins string)) {
	t.Helper()
	s, c := ownServer(t)
	const config = "app:\n  title: ${TITLE}\n"
	applied(t, declare(t, c, "resealed", config, withSecrets(1, map[string]string{"TITLE": "first-title"})), orbit.ImpactNone)
	applied(t, keep(t, c, "resealed", keeper, keeperConfig, 1, map[string]string{"TOKEN": "first-token"}), orbit.ImpactRestart)
	return s, func(title, token string) {
		t.Helper()
		// The client knows the ports, which stay. A rotation compares with the stored values, and boots with the others.
		version := instance(t, c, "resealed").SecretsVersion + 1
		applied(t, declare(t, c, "resealed", config, withSecrets(version, map[string]string{"TITLE": title})), orbit.ImpactRestart)
		runsWith(t, s, "resealed", []string{title, token}, nil)
	}
}

func TestEverythingIsSealedWithANewKeyByOneCommand(t *testing.T) {
	t.Parallel()
	s, serves := holding(t)
	keyFile := filepath.Join(filepath.Dir(s.Manager.TokenFile()), secret.KeyFileName)
	before := sealedWith(t, s)
	old, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}

	if err := manager.Reseal(t.Context(), manager.Options{DataDir: filepath.Dir(keyFile)}, "", func(string) {}); !errors.As(err, new(*manager.RunningError)) {
		t.Errorf("while orbitd runs it says %v, want a RunningError", err)
	}
	said, err := reseal(t, s, "")
	if err != nil {
		t.Fatal(err)
	}
	after := sealedWith(t, s)
	if len(after) != 1 || slices.Equal(before, after) || !strings.Contains(said, "5 of 5") || !strings.Contains(said, after[0]) {
		t.Errorf("sealed with %v before and %v now; it said %q, want one new key and 5 values", before, after, said)
	}
	fresh, err := os.ReadFile(keyFile)
	if err != nil || bytes.Contains(fresh, bytes.TrimSpace(old)) || bytes.Count(fresh, []byte("\n")) != 1 {
		t.Errorf("the key file has %d lines, %v, want the new key alone", bytes.Count(fresh, []byte("\n")), err)
	}
	serves("second-title", "first-token")

	// One that died before its transaction was written, and one that died after it.
	for what, ready := range map[string]error{"before": errors.New("it died"), "after": nil} {
		interrupt(t, s, ready)
		if keys, err := os.ReadFile(keyFile); err != nil || bytes.Count(keys, []byte("\n")) < 2 {
			t.Errorf("interrupted, the key file has %d keys (%v), want the new one and the old one", bytes.Count(keys, []byte("\n")), err)
		}
		serves("title-"+what, "first-token")
	}
	if _, err := reseal(t, s, ""); err != nil {
		t.Fatal(err)
	}
	if now := sealedWith(t, s); len(now) != 1 {
		t.Errorf("sealed with %v after the second time, want one key", now)
	}
	serves("last-title", "first-token")
}

func TestResealingRefusesWhatNoKeyOpensAndTouchesNothing(t *testing.T) {
	t.Parallel()
	s, serves := holding(t)
	keyFile := filepath.Join(filepath.Dir(s.Manager.TokenFile()), secret.KeyFileName)
	before := sealedWith(t, s)
	key, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	const damage = "UPDATE secrets SET ciphertext = set_byte(ciphertext, 20, get_byte(ciphertext, 20) # 1) WHERE name = 'TOKEN'"
	execute(t, s, damage)
	_, err = reseal(t, s, "")
	var unopened *vault.UnopenedError
	if !errors.As(err, &unopened) || !slices.Equal(unopened.Values, []string{"secret TOKEN of resealed"}) {
		t.Errorf("it says %v, want it to name the value that does not open", err)
	}
	if err != nil && strings.Contains(err.Error(), "first-title") {
		t.Error("it shows a secret")
	}
	if now := sealedWith(t, s); !slices.Equal(now, before) {
		t.Errorf("sealed with %v now, want %v as before", now, before)
	}
	if now, err := os.ReadFile(keyFile); err != nil || !bytes.Equal(now, key) {
		t.Errorf("the key file changed (%v)", err)
	}
	execute(t, s, damage) // twice is not at all
	serves("second-title", "first-token")
}

func TestResealingWithAKeyThatIsGiven(t *testing.T) {
	t.Parallel()
	s, serves := holding(t)
	newFile := filepath.Join(t.TempDir(), "new.key")
	if err := os.WriteFile(newFile, []byte(strings.Repeat("ab", secret.KeySize)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := reseal(t, s, newFile); err != nil {
		t.Fatal(err)
	}
	want := secret.KeyID(bytes.Repeat([]byte{0xab}, secret.KeySize))
	if now := sealedWith(t, s); !slices.Equal(now, []string{want}) {
		t.Errorf("sealed with %v, want the key in the file, %s", now, want)
	}
	serves("second-title", "first-token")
}
