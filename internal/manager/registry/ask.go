package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	// parallelQuestions bounds the npm processes that ask at a time.
	parallelQuestions = 4
	// foundFor is how long an answer about a package, or a range of its versions, is good: a new version may come out.
	foundFor = 5 * time.Minute
	// missedFor is how long it is good that something is not there: somebody may just be publishing it.
	missedFor = 30 * time.Second
	// silentFor is how long it is good that the registry did not answer: what follows in the same plan need not ask again.
	silentFor = 5 * time.Second
	// maxAnswers bounds the answers that are remembered; beyond it they are forgotten, all at once.
	maxAnswers = 1000
)

// hasty are flags with which npm gives up sooner than it would by itself: a plan is waiting.
var hasty = []string{"--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000"}

// errSilent is the cause of a question's end that waited for the registry too long.
var errSilent = errors.New("the registry did not answer in time")

// answer is what npm view printed, or why it did not.
type answer struct {
	text  []byte
	err   error
	until time.Time
}

// view asks npm view, or remembers what it said, and decodes the answer. A *bundle.Error says that the package or the
// version does not exist, or, with code unchecked, that the registry did not answer.
func (r *Registry) view(ctx context.Context, into any, plugin bundle.Plugin, fields ...string) error {
	spec := plugin.Package
	if plugin.Version != "" {
		spec = plugin.String()
	}
	question := append([]string{"view", spec}, fields...)
	text, err := r.ask(ctx, question)
	if err != nil {
		return asError(plugin, err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		r.forget(question)
		return asError(plugin, fmt.Errorf("the registry's answer about %s cannot be read: %w", spec, err))
	}
	return nil
}

func (r *Registry) ask(ctx context.Context, question []string) ([]byte, error) {
	key := strings.Join(question, "\n")
	if known, ok := r.remembered(key); ok {
		return known.text, known.err
	}
	text, err := r.call(ctx, npm.Call{Dir: r.Dir, Args: slices.Concat(question, []string{"--json"}, hasty)})
	found := answer{text: text, err: err, until: r.now().Add(foundFor)}
	var failure *npm.Failure
	switch {
	case err == nil:
	case errors.As(err, &failure) && (failure.PackageMissing() || failure.VersionMissing()):
		found.until = r.now().Add(missedFor)
	case failure != nil, errors.Is(err, errSilent):
		found.until = r.now().Add(silentFor)
	default:
		return nil, err
	}
	r.remember(key, found)
	return text, err
}

// remembered returns the answer to a question while it is good.
func (r *Registry) remembered(key string) (answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.answers[key]
	return known, ok && r.now().Before(known.until)
}

func (r *Registry) remember(key string, found answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.answers) >= maxAnswers {
		clear(r.answers)
	}
	r.answers[key] = found
}

func (r *Registry) forget(question []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.answers, strings.Join(question, "\n"))
}

// call runs npm, as one of few at a time.
func (r *Registry) call(ctx context.Context, call npm.Call) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.Patience*4/5, errSilent)
	defer cancel()
	select {
	case r.asking <- struct{}{}:
		defer func() { <-r.asking }()
	case <-ctx.Done():
		return nil, fmt.Errorf("ask the registry: %w", context.Cause(ctx))
	}
	call.NodeDir = r.Bundles.NodeDir()
	return r.NPM.Run(ctx, call)
}

// asError says what npm's failure means for the plugin.
func asError(plugin bundle.Plugin, err error) error {
	var failure *npm.Failure
	if !errors.As(err, &failure) {
		return &bundle.Error{Code: orbit.CodeUnchecked, Plugin: plugin.Package, Detail: npm.WithoutCredentials(err.Error())}
	}
	switch {
	case failure.VersionMissing():
		return &bundle.Error{Code: orbit.CodeVersionNotFound, Plugin: plugin.Package,
			Detail: fmt.Sprintf("there is no version %s of this package", plugin.Version)}
	case failure.PackageMissing():
		return &bundle.Error{Code: orbit.CodePackageNotFound, Plugin: plugin.Package,
			Detail: "the registry has no package of this name, or does not show it to orbitd; " +
				"for a private package set its registry and token in the npm configuration of orbitd's user"}
	default:
		return &bundle.Error{Code: orbit.CodeUnchecked, Plugin: plugin.Package, Detail: failure.Words()}
	}
}

// codeOf is the code of an error of this package, "" for any other.
func codeOf(err error) orbit.Code {
	var known *bundle.Error
	if errors.As(err, &known) {
		return known.Code
	}
	return ""
}

// detailOf is what an error says, without the package that it names.
func detailOf(err error) string {
	var known *bundle.Error
	if errors.As(err, &known) {
		return known.Detail
	}
	return err.Error()
}
