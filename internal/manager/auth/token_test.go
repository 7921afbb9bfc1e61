package auth_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
)

func TestTokenIsMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	first, err := auth.LoadOrCreateToken(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("the token's file has mode %04o, want 0600", got)
	}
	second, err := auth.LoadOrCreateToken(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if first != second || len(first) < 40 {
		t.Errorf("tokens %d and %d characters long differ or are short", len(first), len(second))
	}
}

func TestTokenFileThatOthersReadIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("orbit_x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.LoadOrCreateToken(t.Context(), file); err == nil {
		t.Error("a world-readable token file was accepted")
	}
}

func TestAuthorized(t *testing.T) {
	t.Parallel()
	check := auth.NewToken("orbit_right")
	for header, want := range map[string]bool{
		"Bearer orbit_right":  true,
		"bearer orbit_right":  true,
		"Bearer orbit_wrong":  false,
		"Bearer ":             false,
		"Bearer":              false,
		"Basic orbit_right":   false,
		"orbit_right":         false,
		"":                    false,
		"Bearer orbit_right2": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/v1/instances", nil)
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		if got := check.Authorized(r); got != want {
			t.Errorf("Authorization %q: authorized is %t, want %t", header, got, want)
		}
	}
}
