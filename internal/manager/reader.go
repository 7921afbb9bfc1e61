package manager

import (
	"context"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/httpapi"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// endingReader is a reader whose waits end when orbitd lets go of the store: whoever waits gets the change as it is
// then, and asks the next orbitd.
type endingReader struct {
	httpapi.Reader
	ending context.Context
}

// Change returns a change when its fate is known, ctx is done or orbitd ends.
func (r endingReader) Change(ctx context.Context, id string) (orbit.Change, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ending, cancel)() //nolint:contextcheck // joins the two
	return r.Reader.Change(ctx, id)
}
