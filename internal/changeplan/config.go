package changeplan

import (
	"iter"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// finding is a part of a config's change before it is put into words.
type finding struct {
	path   appconfig.Path
	impact orbit.Impact
	why    string
}

// comparison compares two effective app-configs.
type comparison struct {
	before, after State
	// plain are the documents as they are; marked have the secrets' tokens in them, so that a change of a secret is a
	// change of every string that refers to it.
	plainBefore, plainAfter   appconfig.Document
	markedBefore, markedAfter appconfig.Document
	rows                      []LiveRow
	obstacles                 map[int]string // by row, once it was asked for
	crippled                  bool           // the process before runs without a plugin that did not start
}

func newComparison(before, after State) *comparison {
	c := &comparison{
		before: before, after: after, plainBefore: before.Effective(), plainAfter: after.Effective(), rows: LiveRows(),
		obstacles: map[int]string{},
	}
	c.crippled = crippled(before, c.plainBefore)
	c.markedBefore, c.markedAfter = before.marked(), after.marked()
	return c
}

// findings are the parts of the change, each with the kind of change that it is a part of.
func (c *comparison) findings() iter.Seq2[appconfig.ChangeKind, finding] {
	return func(yield func(appconfig.ChangeKind, finding) bool) {
		for _, change := range appconfig.Diff(c.markedBefore, c.markedAfter) {
			if c.comesWithPlugin(change) {
				continue
			}
			for _, f := range c.classify(change) {
				if !yield(change.Kind, f) {
					return
				}
			}
		}
	}
}

func compareConfigs(before, after State) []orbit.Reason {
	c := newComparison(before, after)
	var reasons []orbit.Reason
	for kind, f := range c.findings() {
		reasons = append(reasons, orbit.Reason{Path: f.path.String(), Impact: f.impact,
			Because: c.event(f.path, kind) + ", and " + f.why})
	}
	return reasons
}

// comesWithPlugin says whether the change is what a plugin that is added brings, or one that is removed takes away. The
// plugin's own reason covers it, at a cost that none of it exceeds.
func (c *comparison) comesWithPlugin(change appconfig.Change) bool {
	in, notIn, effective := c.after, c.before, c.plainAfter
	switch change.Kind {
	case appconfig.Added:
	case appconfig.Removed:
		in, notIn, effective = c.before, c.after, c.plainBefore
	default:
		return false
	}
	whole := effective.At(change.Path)
	for name, plugin := range in.Plugins {
		if _, both := notIn.Plugins[name]; !both && appconfig.EqualValues(change.Path, plugin.scoped(name).At(change.Path), whole) {
			return true
		}
	}
	return false
}

// classify says what a change costs, in as few findings as tell the truth: the parts of an added or removed mapping are
// one finding where they cost the same for the same reason.
func (c *comparison) classify(change appconfig.Change) []finding {
	if unordered(change) {
		return nil
	}
	if change.Kind == appconfig.Reordered {
		return []finding{{change.Path, orbit.ImpactRestart, "a process is not told when nothing but the order of keys changes"}}
	}
	for i, row := range c.rows {
		if !matches(row.Pattern, change.Path) {
			continue
		}
		if _, asked := c.obstacles[i]; !asked {
			c.obstacles[i] = row.obstacle(c.markedBefore, c.markedAfter)
		}
		if c.crippled {
			return []finding{{change.Path, orbit.ImpactRestart, "a process that started without a plugin takes nothing up for it"}}
		}
		if obstacle := c.obstacles[i]; obstacle != "" {
			return []finding{{change.Path, orbit.ImpactRestart, obstacle}}
		}
		return []finding{{change.Path, orbit.ImpactLive, row.Why}}
	}
	if parts := c.parts(change); len(parts) > 0 {
		return merged(change.Path, parts)
	}
	return []finding{{change.Path, orbit.ImpactRestart, startReason(change.Path)}}
}

// parts classifies what an added or removed mapping consists of, where rows tell its parts apart.
func (c *comparison) parts(change appconfig.Change) []finding {
	value := change.After
	if change.Kind == appconfig.Removed {
		value = change.Before
	}
	if change.Kind == appconfig.Changed || !c.hasRowsBelow(change.Path) {
		return nil
	}
	var findings []finding
	for key, field := range value.Fields() {
		part := appconfig.Change{Path: change.Path.Child(appconfig.Key(key)), Kind: change.Kind}
		if change.Kind == appconfig.Removed {
			part.Before = field
		} else {
			part.After = field
		}
		findings = append(findings, c.classify(part)...)
	}
	return findings
}

func merged(path appconfig.Path, parts []finding) []finding {
	for _, part := range parts[1:] {
		if part.impact != parts[0].impact || part.why != parts[0].why {
			return parts
		}
	}
	return []finding{{path, parts[0].impact, parts[0].why}}
}

func (c *comparison) hasRowsBelow(path appconfig.Path) bool {
	for _, row := range c.rows {
		if below(row.Pattern, path) {
			return true
		}
	}
	for _, row := range StartRows() {
		if below(row.Pattern, path) {
			return true
		}
	}
	return false
}

// event says what happened at the path, without a value.
func (c *comparison) event(path appconfig.Path, kind appconfig.ChangeKind) string {
	switch kind {
	case appconfig.Added:
		return "it was added"
	case appconfig.Removed:
		return "it was removed"
	case appconfig.Reordered:
		return "the order of its keys changed, which means something here"
	}
	if !appconfig.EqualValues(path, c.plainBefore.At(path), c.plainAfter.At(path)) {
		return "it changed"
	}
	var changed []string
	for _, name := range c.plainAfter.At(path).Names() {
		if !c.sameToken(name) {
			changed = append(changed, name)
		}
	}
	return c.namesChanged(changed)
}
