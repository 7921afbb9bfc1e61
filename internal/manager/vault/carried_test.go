package vault_test

import (
	"errors"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/vault"
)

func TestWhatIsCarriedOpensForItsPurposeAlone(t *testing.T) {
	t.Parallel()
	keyring, err := secret.NewKeyring(make([]byte, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	v := vault.New(keyring, nil)
	text, err := v.Carry([]byte("value"), "session")
	if err != nil {
		t.Fatal(err)
	}
	if value, err := v.Carried(text, "session"); err != nil || string(value) != "value" {
		t.Errorf("it opens to %q, %v", value, err)
	}
	if _, err := v.Carried(text, "other"); !errors.Is(err, secret.ErrNotAuthentic) {
		t.Errorf("for another purpose it opens with %v", err)
	}
	for _, broken := range []string{"", ".", text[:len(text)-1], text + "=", "x" + text} {
		if value, err := v.Carried(broken, "session"); err == nil {
			t.Errorf("%q opens to %q", broken, value)
		}
	}
}
