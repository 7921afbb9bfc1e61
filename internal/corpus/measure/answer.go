package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/corpus"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// measure measures an edit, and its way back where it has an effect.
func (l *lab) measure(ctx context.Context, edit corpus.Edit) (answers corpus.Measurements, err error) {
	before, after, err := l.corpus.Documents(edit)
	if err != nil {
		return nil, err
	}
	fresh, err := l.start(ctx, after)
	var failure *runtime.BootError
	if errors.As(err, &failure) {
		return corpus.Measurements{edit.ID: {Label: corpus.NoBoot, Failure: shorten(l.anonymous(failure.Message))}}, nil
	}
	if err != nil {
		return nil, err
	}
	defer l.stop(ctx, fresh)
	old, err := l.process(ctx, edit, before)
	if err != nil {
		return nil, err
	}
	if edit.Before != "" {
		defer l.stop(ctx, old)
	}
	first, err := old.observe(ctx, edit)
	if err != nil {
		return nil, err
	}
	wanted, err := fresh.observe(ctx, edit)
	if err != nil {
		return nil, err
	}
	forth, err := l.push(ctx, old, edit, before, after, first, wanted)
	if err != nil {
		return nil, err
	}
	answers = corpus.Measurements{edit.ID: forth}
	if forth.Label != corpus.None {
		if answers[corpus.Undone(edit.ID)], err = l.push(ctx, fresh, edit, after, before, wanted, first); err != nil {
			return nil, err
		}
	}
	if edit.Before == "" {
		err = l.restore(ctx, edit, before, first)
	}
	return answers, err
}

// process returns a process with the document: the one at home, unless the edit has a document before of its own.
func (l *lab) process(ctx context.Context, edit corpus.Edit, before appconfig.Document) (*instance, error) {
	if edit.Before != "" {
		return l.start(ctx, before)
	}
	if l.home == nil {
		home, err := l.start(ctx, before)
		if err != nil {
			return nil, err
		}
		l.home = home
	}
	return l.home, nil
}

// push gives the process another config and compares. An effect that orbitd would look for in vain fails it.
func (l *lab) push(ctx context.Context, i *instance, edit corpus.Edit, before, after appconfig.Document, first, wanted string) (corpus.Measurement, error) {
	m := corpus.Measurement{Before: shorten(first)}
	if err := i.push(ctx, after, looks(before, after)); err != nil {
		if ctx.Err() != nil {
			return m, err
		}
		m.Failure = shorten(l.anonymous(err.Error()))
	}
	i.guest = "" // a token says what was so when it was made
	pushed, err := i.observe(ctx, edit)
	if err != nil {
		return m, err
	}
	switch {
	case pushed == first && wanted == first:
		m.Label = corpus.None
	case pushed == wanted && m.Failure == "":
		m.Label = corpus.Live
	default:
		m.Label = corpus.Restart
	}
	if pushed != first {
		m.Pushed = shorten(pushed)
	}
	if wanted != first {
		m.Fresh = shorten(wanted)
	}
	return m, nil
}

// looks are those of orbitd, which looks where it pushes.
func looks(before, after appconfig.Document) []changeplan.Look {
	release := backstage.Default().Version
	old, current := changeplan.State{Release: release, Config: before}, changeplan.State{Release: release, Config: after}
	if changeplan.Decide(old, current).Impact != orbit.ImpactLive {
		return nil
	}
	return changeplan.Looks(old, current)
}

// restore gives the process at home its own config again; where that does not bring it back to what it was, the next
// edit gets a new process.
func (l *lab) restore(ctx context.Context, edit corpus.Edit, before appconfig.Document, first string) error {
	err := l.home.push(ctx, before, nil)
	l.home.guest = ""
	seen, failed := l.home.observe(ctx, edit)
	if err == nil && failed == nil && seen == first {
		return nil
	}
	l.stop(ctx, l.home)
	l.home = nil
	return ctx.Err()
}

// anonymous takes out what differs between runs.
func (l *lab) anonymous(text string) string {
	for index, server := range l.upstreams {
		text = strings.ReplaceAll(text, server.Listener.Addr().String(), []string{corpus.UpstreamA, corpus.UpstreamB}[index])
	}
	return strings.ReplaceAll(text, l.dir, "")
}

const longest = 300

func shorten(text string) string {
	if len(text) > longest {
		return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(text[:longest], ""), len(text))
	}
	return text
}
