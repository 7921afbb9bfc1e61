package corpus

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

//go:embed edits/*.yaml measured/*.json
var files embed.FS

// The hosts that stand in the documents for servers which the measuring program runs.
const (
	UpstreamA = "upstream-a.test"
	UpstreamB = "upstream-b.test"
)

// Corpus is everything that is measured.
type Corpus struct {
	// Base is the document that all edits start from.
	Base string `yaml:"base"`
	// Probes are by name what edits are observed with.
	Probes map[string]Probe `yaml:"probes"`
	Edits  []Edit           `yaml:"edits"`
}

// Edit is one edit of an app-config.
type Edit struct {
	// ID names the edit, as area/what-happens.
	ID string `yaml:"id"`
	// Package is the one whose behaviour the edit is about.
	Package string `yaml:"package"`
	// Before is laid over the base to have another document before; "" for the base itself.
	Before string `yaml:"before"`
	// After is laid over the document before to have the one after; a null removes a key.
	After string `yaml:"after"`
	// Instead replaces the document after altogether, for edits of the document's form.
	Instead string `yaml:"instead"`
	// Probes are the names of the probes that look at it.
	Probes []string `yaml:"probes"`
	// Idle says that the edit says the same in other words: no effect is what its author expects.
	Idle bool `yaml:"idle"`
	// Unseen says that the edit has an effect which no probe sees. What is measured then is that a process boots with it.
	Unseen bool `yaml:"unseen"`
	// Half says what of the edit's effect waits for a restart without a probe that sees it, HalfUndone the same of its
	// way back. Measured live then means restart.
	Half       string `yaml:"half"`
	HalfUndone string `yaml:"half_undone"`
	// Outside says that what the edit depends on is not in the documents, so that nobody can refuse it beforehand.
	Outside bool `yaml:"outside"`
	// Schema says that the edit breaks a type which the packages' config schemas state, or sets a key that they do not
	// know.
	Schema bool `yaml:"schema"`
	// Note says what is worth knowing about it.
	Note string `yaml:"note"`
}

// Probe is one look at a running Backstage: a request, and what of its answer counts.
type Probe struct {
	Method  string            `yaml:"method"` // GET unless said otherwise
	Path    string            `yaml:"path"`
	Headers map[string]string `yaml:"headers"`
	Body    string            `yaml:"body"` // JSON
	// As is who asks: "service" unless said otherwise, "guest" for somebody who signed in, "nobody", or a token.
	As string `yaml:"as"`
	// Show lists what counts: status, body, or a header's name.
	Show []string `yaml:"show"`
	// Find is a regular expression that the parts of the body that count match.
	Find string `yaml:"find"`
	// Log is a regular expression for the lines of the process's log, written because of the request, that count.
	Log string `yaml:"log"`
	// Slow says that the effect takes seconds, as everything does that goes through the catalog's processing.
	Slow bool `yaml:"slow"`
	// Times repeats the request; the last answer counts.
	Times int `yaml:"times"`
}

// Load reads the corpus.
func Load() (*Corpus, error) {
	names, err := fs.Glob(files, "edits/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the edits: %w", err)
	}
	c := &Corpus{Probes: map[string]Probe{}}
	for _, name := range names {
		content, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the edits: %w", err)
		}
		var part Corpus
		decoder := yaml.NewDecoder(bytes.NewReader(content))
		decoder.KnownFields(true)
		if err := decoder.Decode(&part); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		c.Base += part.Base
		for probe, p := range part.Probes {
			c.Probes[probe] = p
		}
		c.Edits = append(c.Edits, part.Edits...)
	}
	return c, c.check()
}

func (c *Corpus) check() error {
	var errs []error
	seen := map[string]bool{}
	for _, e := range c.Edits {
		if seen[e.ID] || e.ID == "" || e.Package == "" || len(e.Probes) == 0 || strings.HasSuffix(e.ID, undone) {
			errs = append(errs, fmt.Errorf("edit %q: its id is taken or missing, or it has no package or no probe", e.ID))
		}
		seen[e.ID] = true
		for _, name := range e.Probes {
			if _, ok := c.Probes[name]; !ok {
				errs = append(errs, fmt.Errorf("edit %q: there is no probe %q", e.ID, name))
			}
		}
	}
	return errors.Join(errs...)
}

// Documents returns the edit's documents, before and after. One that cannot be read as app-config is an error.
func (c *Corpus) Documents(e Edit) (before, after appconfig.Document, err error) {
	parse := func(text string) appconfig.Document {
		document, diagnostics := appconfig.Parse(text)
		if orbit.HasErrors(diagnostics) {
			err = errors.Join(err, fmt.Errorf("edit %q: %s", e.ID, diagnostics[0]))
		}
		return document
	}
	before = appconfig.Merge(parse(c.Base), parse(e.Before))
	if e.Instead != "" {
		return before, parse(e.Instead), err
	}
	return before, appconfig.Merge(before, parse(e.After)), err
}

// Label is what an edit turned out to cost.
type Label string

// The labels; the package's comment says when each is given.
const (
	None    Label = "none"
	Live    Label = "live"
	Restart Label = "restart"
	NoBoot  Label = "no-boot"
	Silent  Label = "silent" // no measurement, but what None means for an edit that asks for something
)

// meaning is what a measured label means, given what its author asks for and what no probe sees.
func (e Edit) meaning(measured Label, back bool) Label {
	half := e.Half
	if back {
		half = e.HalfUndone
	}
	switch {
	case measured == None && !e.Idle && !e.Unseen:
		return Silent
	case measured == Live && half != "":
		return Restart
	default:
		return measured
	}
}

// undone ends the id of an edit's way back.
const undone = "~undone"

// Undone is the id of the way back of the edit with the given id.
func Undone(id string) string { return id + undone }

// Measurement is the answer of a real Backstage to one edit.
type Measurement struct {
	Label Label `json:"label"`
	// Before, Pushed and Fresh are the observations, shortened. Pushed and Fresh are empty where they equal Before.
	Before string `json:"before,omitempty"`
	Pushed string `json:"pushed,omitempty"`
	Fresh  string `json:"fresh,omitempty"`
	// Failure is what the boot or the push ended with.
	Failure string `json:"failure,omitempty"`
}

// Measurements are the answers of a release by the edits' ids.
type Measurements map[string]Measurement

// Measured returns the answers of the release; none if it was not measured.
func Measured(release string) (Measurements, error) {
	content, err := files.ReadFile(path.Join("measured", release+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return Measurements{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the measurements of %s: %w", release, err)
	}
	var m Measurements
	if err := json.Unmarshal(content, &m); err != nil {
		return nil, fmt.Errorf("read the measurements of %s: %w", release, err)
	}
	return m, nil
}
