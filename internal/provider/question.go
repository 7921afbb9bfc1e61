package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// questionTimeout bounds what a read or a plan asks orbitd, with all repetitions: a plan can do without the answer.
const questionTimeout = 10 * time.Second

// outage remembers why orbitd could not be asked.
type outage struct {
	mu  sync.Mutex
	why error
}

func (o *outage) get() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.why
}

func (o *outage) set(why error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.why = why
}

// ask puts a question of a read or a plan to orbitd. Once one found nobody there, all later ones have that answer at once,
// so that a plan of many resources waits once: Terraform configures the provider anew for every plan and apply.
func ask[T any](ctx context.Context, c *connection, question func(context.Context, *orbit.Client) (T, error)) (T, error) {
	var none T
	client, err := c.Client()
	if err != nil {
		return none, err
	}
	if err := c.outage.get(); err != nil {
		return none, err
	}
	bounded, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	answer, err := question(bounded, client)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		err = &orbit.ConnectionError{Endpoint: c.endpoint, Err: fmt.Errorf("no answer within %s", questionTimeout)}
	}
	if outOfReach(err) {
		c.outage.set(err)
	}
	return answer, err
}

// outOfReach says whether orbitd gave no answer: it is away, it is starting, or nobody knows yet where it will be.
func outOfReach(err error) bool {
	return orbit.IsUnreachable(err) || orbit.HasCode(err, orbit.CodeStarting) || errors.Is(err, errUnconfigured)
}

// warnOfPlanWithout says what a plan is worth without orbitd. The summary is the same for all resources, so that Terraform
// shows one warning for all of them.
func warnOfPlanWithout(why error, diags *diag.Diagnostics) {
	diags.AddWarning("Planned without orbitd", joinParagraphs(sentence(why.Error()), "The plan goes by the last known state. "+
		"Not checked: that this state still holds, that the packages and versions exist and fit the release, that the parts "+
		"fit together, that a stored restart_policy lets a plugin change, and that the changes cost what the plan says.\n\n"+
		"The apply checks all of it before it touches anything, and changes nothing that somebody else changed since."))
}
