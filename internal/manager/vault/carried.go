package vault

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
)

// Carry seals a value that somebody else keeps and brings back, a browser for example, as a text of letters, digits, - and
// _ with a dot. Once the store is resealed with another key it does not open any more.
func (v *Vault) Carry(value []byte, purpose string) (string, error) {
	sealed, err := v.keyring.Seal(value, carriedContext(purpose))
	if err != nil {
		return "", fmt.Errorf("seal a %s: %w", purpose, err)
	}
	return sealed.KeyID + "." + base64.RawURLEncoding.EncodeToString(sealed.Ciphertext), nil
}

// Carried opens what Carry sealed for the same purpose.
func (v *Vault) Carried(text, purpose string) ([]byte, error) {
	keyID, encoded, _ := strings.Cut(text, ".")
	ciphertext, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("open a %s: %w", purpose, secret.ErrNotAuthentic)
	}
	return v.keyring.Open(secret.Sealed{KeyID: keyID, Ciphertext: ciphertext}, carriedContext(purpose))
}

func carriedContext(purpose string) string { return "carried/" + purpose }
