package auth_test

import (
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
