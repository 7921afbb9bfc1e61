package vault

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
)

// namedValues is how many values an UnopenedError names in its text.
const namedValues = 10

// UnopenedError says which stored values none of the keys opens.
type UnopenedError struct {
	// Values name them: "secret TOKEN of acme".
	Values []string
	// Cause is why the first does not open.
	Cause error
}

// Error names the values and says what to do.
func (e *UnopenedError) Error() string {
	named := e.Values
	if more := len(named) - namedValues; more > 0 {
		named = append(slices.Clone(named[:namedValues]), fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("no key opens %s (%v): add the key that sealed them as a further line of the key's file, or restore the "+
		"store from a backup; nothing was changed", strings.Join(named, ", "), e.Cause)
}

func (e *UnopenedError) add(name string, cause error) {
	if e.Cause == nil {
		e.Cause = cause
	}
	e.Values = append(e.Values, name)
}

// Unwrap is the cause.
func (e *UnopenedError) Unwrap() error { return e.Cause }

// Reseal opens every stored value and seals it with the keyring's first key, in one transaction, and returns how many
// there are and how many another key had sealed. It calls ready once all are open and before any is written. When a
// value does not open the error is an *UnopenedError.
func (v *Vault) Reseal(ctx context.Context, ready func() error) (all, resealed int, err error) {
	err = v.store.Reseal(ctx, func(values []store.Sealed) ([]store.Sealed, error) {
		all = len(values)
		again, err := v.resealed(values)
		if err != nil {
			return nil, err
		}
		resealed = len(again)
		return again, ready()
	})
	return all, resealed, err
}

// resealed are those of the values that another key than the first sealed, sealed with the first.
func (v *Vault) resealed(values []store.Sealed) ([]store.Sealed, error) {
	var again []store.Sealed
	var unopened UnopenedError
	for _, value := range values {
		place, name := sealedPlace(value)
		plain, err := v.keyring.Open(secret.Sealed{KeyID: value.KeyID, Ciphertext: value.Ciphertext}, place)
		if err != nil {
			unopened.add(name, err)
			continue
		}
		if value.KeyID == v.keyring.SealingKeyID() {
			continue
		}
		sealed, err := v.keyring.Seal(plain, place)
		if err != nil {
			return nil, fmt.Errorf("seal %s: %w", name, err)
		}
		value.KeyID, value.Ciphertext = sealed.KeyID, sealed.Ciphertext
		again = append(again, value)
	}
	if len(unopened.Values) > 0 {
		return nil, &unopened
	}
	return again, nil
}

// sealedPlace is the context that a stored value is bound to, and what messages call it.
func sealedPlace(value store.Sealed) (place, name string) {
	switch {
	case value.Workspace == "":
		return ownContext(value.Name), "orbitd's " + value.Name
	case value.IsCredential():
		return credentialContext(value.Workspace, value.Name), "credential " + value.Name + " of " + value.Workspace
	default:
		return secretContext(value.Workspace, value.Set, value.Name), "secret " + value.Name + " of " + value.Workspace
	}
}
