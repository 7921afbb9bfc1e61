package npmtest

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"slices"

	"github.com/Masterminds/semver/v3"
)

// Advisory is a vulnerability that the registry knows of a package.
type Advisory struct {
	ID    int    `json:"id"`
	URL   string `json:"url"`
	Title string `json:"title"`
	// Severity is info, low, moderate, high or critical.
	Severity string `json:"severity"`
	// Versions is the range of versions that have it.
	Versions string `json:"vulnerable_versions"`
}

// Advise sets what the registry's audit says about a package.
func (r *Registry) Advise(name string, advisories ...Advisory) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advisories[name] = advisories
}

// audit answers the bulk request of npm audit: versions by package, to advisories by package.
func (r *Registry) audit(w http.ResponseWriter, request *http.Request) {
	body := io.Reader(request.Body)
	if request.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		body = unzipped
	}
	var asked map[string][]string
	if err := json.NewDecoder(body).Decode(&asked); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	found := map[string][]Advisory{}
	for name, versions := range asked {
		for _, advisory := range r.advisories[name] {
			if slices.ContainsFunc(versions, advisory.concerns) {
				found[name] = append(found[name], advisory)
			}
		}
	}
	answer(w, http.StatusOK, found)
}

func (a Advisory) concerns(version string) bool {
	vulnerable, err := semver.NewConstraint(a.Versions)
	if err != nil {
		return false
	}
	parsed, err := semver.NewVersion(version)
	return err == nil && vulnerable.Check(parsed)
}
