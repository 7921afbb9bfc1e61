package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/npm"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

const (
	// auditedFor is how long what npm audit said of a set is good.
	auditedFor = 24 * time.Hour
	// noAuditsFor is how long a registry that answered no audit is not asked for another.
	noAuditsFor = time.Hour
	// noAudits is the question that it is remembered by.
	noAudits = "audit"
)

// audited is what is kept of an audit.
type audited struct {
	Asked time.Time       `json:"asked"`
	Said  json.RawMessage `json:"said"`
}

// report is what npm audit prints.
type report struct {
	Vulnerabilities map[string]struct {
		Via   []json.RawMessage `json:"via"`
		Nodes []string          `json:"nodes"`
	} `json:"vulnerabilities"`
}

// advisory is one entry of via. One that is a text only names another package with advisories.
type advisory struct {
	Title    string `json:"title"`
	Severity string `json:"severity"`
	Range    string `json:"range"`
}

// vulnerability is one advisory about one package of a set.
type vulnerability struct {
	advisory
	bundle.LockedPackage
}

// vulnerable finds what npm audit says of the packages that plugins bring. Many registries answer no audits, so where
// there is no answer, nothing is said of that to users.
func (r *Registry) vulnerable(ctx context.Context, lock bundle.Lock, added []bundle.Plugin) []orbit.Diagnostic {
	said, err := r.audit(ctx, lock)
	if err != nil {
		r.Logger.DebugContext(ctx, "the registry answers no audit", "error", err)
		return nil
	}
	brought := make(map[string][]vulnerability)
	for _, v := range vulnerabilities(lock, said) {
		for _, plugin := range lock.WantedBy(v.Path) {
			brought[plugin] = append(brought[plugin], v)
		}
	}
	var found []orbit.Diagnostic
	for _, plugin := range added {
		lines := lines(brought[plugin.Package])
		if len(lines) > 0 {
			found = append(found, doubt(plugin, orbit.CodeVulnerable, "npm audit knows of vulnerabilities in what it brings: "+
				listed(lines)+"; use a newer version of the plugin, if it has one without"))
		}
	}
	return found
}

// vulnerabilities are those of the packages that the release alone does not have, the worst first.
func vulnerabilities(lock bundle.Lock, said report) []vulnerability {
	var found []vulnerability
	for _, p := range lock.Added() {
		known := said.Vulnerabilities[p.Name]
		if !slices.Contains(known.Nodes, p.Path) {
			continue
		}
		for _, raw := range known.Via {
			var a advisory
			if json.Unmarshal(raw, &a) == nil {
				found = append(found, vulnerability{a, p})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b vulnerability) int {
		return cmp.Compare(slices.Index(severities, b.Severity), slices.Index(severities, a.Severity))
	})
	return found
}

// severities are npm's, the worst last.
var severities = []string{"info", "low", "moderate", "high", "critical"}

// fixedIn is a range that ends where a version without the vulnerability begins.
var fixedIn = regexp.MustCompile(`^(?:>=?[^<|]+)?<\s*([0-9][0-9A-Za-z.+-]*)$`)

// lines are the vulnerabilities for people, each once.
func lines(found []vulnerability) []string {
	var lines []string
	for _, v := range found {
		line := fmt.Sprintf("%s: %s: %s", v.Severity, v, oneLine(v.Title))
		switch fixed := fixedIn.FindStringSubmatch(strings.TrimSpace(v.Range)); {
		case fixed != nil:
			line += ", fixed in " + fixed[1]
		case v.Range != "":
			line += ", in " + oneLine(v.Range)
		}
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// audit asks npm audit about a resolved set, or remembers what it said.
func (r *Registry) audit(ctx context.Context, lock bundle.Lock) (report, error) {
	file := filepath.Join(r.Dir, bundle.Hash("audit", string(lock.Lockfile))+".json")
	var kept audited
	if text, err := os.ReadFile(file); err == nil && json.Unmarshal(text, &kept) == nil && r.now().Before(kept.Asked.Add(auditedFor)) {
		return readReport(kept.Said)
	}
	if known, ok := r.remembered(noAudits); ok {
		return report{}, known.err
	}
	said, err := r.runAudit(ctx, lock)
	var failure *npm.Failure
	if errors.As(err, &failure) || errors.Is(err, errSilent) {
		r.remember(noAudits, answer{err: err, until: r.now().Add(noAuditsFor)})
	}
	if err != nil {
		return report{}, err
	}
	read, err := readReport(said)
	if err != nil {
		return report{}, err
	}
	text, err := json.Marshal(audited{Asked: r.now(), Said: said})
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		r.Logger.WarnContext(ctx, "cannot keep what npm audit said", "error", err)
	}
	return read, nil
}

func (r *Registry) runAudit(ctx context.Context, lock bundle.Lock) ([]byte, error) {
	dir, err := os.MkdirTemp(r.Dir, ".audit-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for name, text := range map[string][]byte{"package.json": lock.Manifest, "package-lock.json": lock.Lockfile} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return nil, err
		}
	}
	// At the level none a vulnerability is no failure of npm.
	return r.call(ctx, npm.Call{Dir: dir, Args: []string{
		"audit", "--json", "--package-lock-only", "--ignore-scripts", "--audit-level=none", "--fetch-retries=0",
	}})
}

func readReport(said []byte) (report, error) {
	var read report
	if err := json.Unmarshal(said, &read); err != nil {
		return report{}, fmt.Errorf("read what npm audit said: %w", err)
	}
	if read.Vulnerabilities == nil {
		return report{}, errors.New("npm audit said nothing about vulnerabilities")
	}
	return read, nil
}
