package provider

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	// readPatience bounds what a read asks orbitd, with all repetitions: a plan can do with the last known state.
	readPatience = 10 * time.Second
	// planPatience bounds what a plan asks, for which orbitd may have to ask npm's registry.
	planPatience = 45 * time.Second
)

// reach remembers whether orbitd could be asked.
type reach struct {
	mu       sync.Mutex
	answered bool
	why      error // why nobody answered
	asking   map[*context.CancelFunc]struct{}
}

// begin returns the context of a question, which ends when it is known that nobody answers: also for who waits for a turn
// behind questions that have none yet.
func (r *reach) begin(ctx context.Context) (context.Context, func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	if r.asking == nil {
		r.asking = map[*context.CancelFunc]struct{}{}
	}
	r.asking[&cancel] = struct{}{}
	return ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.asking, &cancel)
		cancel()
	}
}

// lost is why nobody answers; nil as long as somebody may.
func (r *reach) lost() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.why
}

// learn takes in how a question went. Once one was answered, silence is no sign that orbitd is away.
func (r *reach) learn(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var problem *orbit.Problem
	switch {
	case !outOfReach(err) && (err == nil || errors.As(err, &problem)):
		r.answered = true
	case outOfReach(err) && !r.answered && r.why == nil:
		r.why = err
		for cancel := range r.asking {
			(*cancel)()
		}
	}
}

// ask puts a question of a read or a plan to orbitd. Where the first one finds nobody there, all later ones have that answer
// at once, so that a plan of many resources waits once: Terraform configures the provider anew for every plan and apply.
func ask[T any](ctx context.Context, c *connection, patience time.Duration,
	question func(context.Context, *orbit.Client) (T, error),
) (T, error) {
	var none T
	client, err := c.Client()
	if err != nil {
		return none, err
	}
	if err := c.reach.lost(); err != nil {
		return none, err
	}
	asking, end := c.reach.begin(ctx)
	defer end()
	answer, err := question(orbit.WithCallTimeout(asking, patience), client)
	switch {
	case ctx.Err() != nil:
		return answer, err // the run was interrupted, which says nothing of orbitd
	case err != nil && c.reach.lost() != nil: // it was given up because another one found nobody
		return none, c.reach.lost()
	}
	c.reach.learn(err)
	return answer, err
}

// instance reads an instance with all of its plugins, once for all resources of the workspace.
func (c *connection) instance(ctx context.Context, workspace string) (*orbit.Instance, error) {
	return ask(ctx, c, readPatience, func(ctx context.Context, client *orbit.Client) (*orbit.Instance, error) {
		return c.reads.instance(ctx, workspace, client.GetInstanceWithPlugins)
	})
}

// plugin reads a plugin, from what is read of its instance. An orbitd that is older than this provider answers an instance
// without its plugins, and is asked for each.
func (c *connection) plugin(ctx context.Context, workspace, pkg string) (*orbit.Plugin, error) {
	instance, err := c.instance(ctx, workspace)
	switch {
	case err != nil:
		return nil, err
	case instance.AllPlugins == nil:
		return ask(ctx, c, readPatience, func(ctx context.Context, client *orbit.Client) (*orbit.Plugin, error) {
			return client.GetPlugin(ctx, workspace, pkg)
		})
	}
	for _, plugin := range instance.AllPlugins {
		if plugin.Package == pkg {
			return &plugin, nil
		}
	}
	return nil, &orbit.Problem{
		Status: http.StatusNotFound, Code: orbit.CodeNotFound, Title: "Read plugin failed",
		Detail: "instance " + workspace + " has no plugin " + pkg,
	}
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
