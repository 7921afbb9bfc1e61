package vault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vault"
)

func TestValuesThatDoNotOpenAreNamedUpToABound(t *testing.T) {
	t.Parallel()
	e := &vault.UnopenedError{Cause: errors.New("because")}
	for i := range 12 {
		e.Values = append(e.Values, fmt.Sprintf("secret S%d of acme", i))
	}
	text := e.Error()
	if !strings.Contains(text, "secret S9 of acme, and 2 more (because)") || strings.Contains(text, "S10") {
		t.Errorf("it says %q", text)
	}
	e.Values = e.Values[:10]
	if text := e.Error(); strings.Contains(text, "more (") || !strings.Contains(text, "secret S9 of acme (because)") {
		t.Errorf("it says %q", text)
	}
}
