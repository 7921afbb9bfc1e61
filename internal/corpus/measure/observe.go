package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/orbit-idp/terraform-provider-orbit/internal/corpus"
)

const (
	requestTimeout = 20 * time.Second
	logWait        = 400 * time.Millisecond
	// quick and slow are how long an observation must stay the same to count, deadline is when it counts regardless.
	quick    = 100 * time.Millisecond
	slow     = 2500 * time.Millisecond
	deadline = 20 * time.Second
	// serviceToken is the base document's static external token.
	serviceToken = "corpus-service-token"
)

// observe looks through all probes until what they show stays the same.
func (i *instance) observe(ctx context.Context, edit corpus.Edit) (string, error) {
	calm := quick
	for _, name := range edit.Probes {
		if i.lab.corpus.Probes[name].Slow {
			calm = slow
		}
	}
	begin := time.Now()
	last, since := "", time.Time{}
	for {
		seen, err := i.look(ctx, edit)
		if err != nil {
			return "", err
		}
		if seen != last {
			last, since = seen, time.Now()
		}
		if !since.IsZero() && (time.Since(since) >= calm || time.Since(begin) > deadline) {
			return last, nil
		}
		select {
		case <-time.After(min(calm/2, 500*time.Millisecond)):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func (i *instance) look(ctx context.Context, edit corpus.Edit) (string, error) {
	var seen []string
	for _, name := range edit.Probes {
		probe := i.lab.corpus.Probes[name]
		text := ""
		for range max(probe.Times, 1) {
			var err error
			if text, err = i.ask(ctx, probe); err != nil {
				return "", fmt.Errorf("probe %s: %w", name, err)
			}
		}
		seen = append(seen, name+": "+text)
	}
	return strings.Join(seen, "; "), nil
}

// ask makes the probe's request. A request that fails is an observation, too.
func (i *instance) ask(ctx context.Context, probe corpus.Probe) (string, error) {
	marker := uuid.NewString()
	path := probe.Path
	if probe.Log != "" {
		path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "marker=" + marker
	}
	before := 0
	if probe.Log != "" {
		lines, err := i.lab.runtime.Logs(ctx, i.workspace, 10_000)
		if err != nil {
			return "", err
		}
		before = len(lines)
	}
	status, header, body := i.request(ctx, probe, path)
	var seen []string
	for _, what := range probe.Show {
		switch what {
		case "status":
			seen = append(seen, status)
		case "body":
			seen = append(seen, extract(probe.Find, body))
		default:
			seen = append(seen, what+"="+header.Get(what))
		}
	}
	if probe.Log != "" {
		lines, err := i.logAfter(ctx, before, probe.Log)
		if err != nil {
			return "", err
		}
		seen = append(seen, "log "+lines)
	}
	return i.settled(strings.Join(seen, " ")), ctx.Err()
}

// settled takes out what differs between processes without meaning anything.
func (i *instance) settled(text string) string {
	address := i.process.Address()
	if address == "" {
		return "the process is gone: " + text
	}
	_, port, _ := strings.Cut(address, ":")
	text = strings.ReplaceAll(text, ":"+port, ":PORT")
	text = strings.ReplaceAll(text, i.workspace, "WORKSPACE")
	return times.ReplaceAllString(uuids.ReplaceAllString(text, "UUID"), "TIME")
}

var (
	uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	times = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)
)

func extract(find, body string) string {
	if find == "" {
		if len(body) > 600 {
			body = body[:600]
		}
		return body
	}
	matches := regexp.MustCompile(find).FindAllString(body, -1)
	slices.Sort(matches)
	return strings.Join(slices.Compact(matches), " ")
}

// logAfter waits for lines that match, as a process writes its log when it comes to it.
func (i *instance) logAfter(ctx context.Context, before int, pattern string) (string, error) {
	expression := regexp.MustCompile(pattern)
	begin := time.Now()
	for {
		lines, err := i.lab.runtime.Logs(ctx, i.workspace, 10_000)
		if err != nil {
			return "", err
		}
		var found []string
		for _, line := range lines[min(before, len(lines)):] {
			found = append(found, expression.FindAllString(line, -1)...)
		}
		if time.Since(begin) > logWait {
			slices.Sort(found)
			return strings.Join(slices.Compact(found), " "), nil
		}
		select {
		case <-time.After(logWait / 4):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func (i *instance) request(ctx context.Context, probe corpus.Probe, path string) (status string, header http.Header, body string) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	method := http.MethodGet
	if probe.Method != "" {
		method = probe.Method
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+i.process.Address()+path, strings.NewReader(i.lab.hosts.Replace(probe.Body)))
	if err != nil {
		return err.Error(), nil, ""
	}
	if probe.Body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range probe.Headers {
		request.Header.Set(name, value)
	}
	if token := i.token(ctx, probe.As); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	// A connection of its own: limits are per connection too.
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return "no answer", nil, ""
	}
	defer func() { _ = response.Body.Close() }()
	content, _ := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	return fmt.Sprint(response.StatusCode), response.Header, string(content)
}

// token is what whoever asks shows.
func (i *instance) token(ctx context.Context, as string) string {
	switch as {
	case "", "service":
		return serviceToken
	case "nobody":
		return ""
	case "guest":
		if i.guest == "" {
			_, _, body := i.request(ctx, corpus.Probe{As: "nobody"}, "/api/auth/guest/refresh")
			if found := guestToken.FindStringSubmatch(body); found != nil {
				i.guest = found[1]
			}
		}
		return i.guest
	default:
		return as
	}
}

var guestToken = regexp.MustCompile(`"token":"([^"]+)"`)
