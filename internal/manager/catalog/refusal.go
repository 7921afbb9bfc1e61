package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// maxWords bounds what is quoted of a catalog, in bytes.
const maxWords = 2000

// refusal is what a catalog does not take.
type refusal struct {
	status int
	// words are the catalog's own, without secrets.
	words string
}

func (r *refusal) Error() string { return r.words }

// refusedWith says whether the error is a refusal with this status.
func refusedWith(err error, status int) bool {
	var r *refusal
	return errors.As(err, &r) && r.status == status
}

// refused is the error of an answer that is no success.
func (c *Catalogs) refused(ctx context.Context, workspace string, a *answer) error {
	switch {
	case a.isProblem():
		var p orbit.Problem
		_ = json.Unmarshal(a.body.Bytes(), &p) // without a detail the title says enough
		return c.unavailable(ctx, workspace, strings.TrimSuffix(p.Detail, "."))
	case a.status == http.StatusUnauthorized:
		return c.unavailable(ctx, workspace, "its process does not take what orbitd signs, as one that an older orbitd started does "+
			"not; restart the instance")
	}
	name, words := said(a)
	// A catalog that does not run is no object that is missing.
	if a.status >= http.StatusInternalServerError || a.status < http.StatusBadRequest || a.status == http.StatusNotFound && name != "NotFoundError" {
		return c.unavailable(ctx, workspace, "it answered "+words)
	}
	masker, err := c.masker(ctx, workspace)
	if err != nil {
		return err
	}
	return &refusal{status: a.status, words: masker.Mask(words)}
}

// said is what Backstage says in an answer that is no success: the error's name, if it is one of Backstage's, and all of it.
func said(a *answer) (name, words string) {
	var body struct {
		Error struct{ Name, Message string }
	}
	if json.Unmarshal(a.body.Bytes(), &body) != nil || body.Error.Name == "" {
		return "", fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	}
	return body.Error.Name, clipped(body.Error.Name + ": " + body.Error.Message)
}

// clipped is the beginning of a text that may be long, or hostile.
func clipped(text string) string {
	text = strings.ToValidUTF8(text, "�")
	if len(text) <= maxWords {
		return text
	}
	end := maxWords
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// unavailable is a catalog that gives no answer.
func (c *Catalogs) unavailable(ctx context.Context, workspace, why string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	masker, err := c.masker(ctx, workspace)
	if err != nil {
		return err
	}
	return &orbit.Problem{
		Code: orbit.CodeCatalogUnavailable, Title: "The catalog of workspace " + workspace + " is not available",
		Detail: masker.Mask(why) + ". Nothing is wrong with the request: try again",
	}
}

// masker is the workspace's, also when the time for its catalog is over.
func (c *Catalogs) masker(ctx context.Context, workspace string) (*secret.Masker, error) {
	return c.Masker(context.WithoutCancel(ctx), workspace)
}

// notTaken makes a refusal the problem of whoever asked; other errors stay as they are.
func notTaken(err error, title string) error {
	var r *refusal
	if !errors.As(err, &r) {
		return err
	}
	if r.status == http.StatusNotFound {
		return &orbit.Problem{Code: orbit.CodeNotFound, Title: title, Detail: r.words}
	}
	return &orbit.Problem{Code: orbit.CodeCatalogRefused, Title: title, Detail: "the catalog says: " + r.words}
}
