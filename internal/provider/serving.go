package provider

import (
	"errors"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// errNotServing says that an instance is there and takes no requests.
type errNotServing struct {
	instance *orbit.Instance
}

// Error says what the instance is doing, with orbitd's own words where it has any.
func (e errNotServing) Error() string {
	text := "instance " + e.instance.Workspace + " serves nothing: it is " + string(e.instance.Status.Phase)
	for _, condition := range e.instance.Status.Conditions {
		if condition.Type == orbit.ConditionReady && condition.Message != "" {
			text += " (" + condition.Message + ")"
		}
	}
	return text + "; its log tells more, and timeouts.open waits longer"
}

// serves says whether the instance takes requests.
func serves(instance *orbit.Instance) bool {
	return instance.Status.Phase == orbit.PhaseReady || instance.Status.Phase == orbit.PhaseUpdating
}

// notServing says whether the error may pass: the instance is still coming up, or orbitd is.
func notServing(err error) bool {
	var waiting errNotServing
	return errors.As(err, &waiting) && waiting.instance.Status.Phase != orbit.PhaseDeleting || orbit.IsTransient(err)
}
