package fake

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

type entity struct {
	Kind     string         `json:"kind"`
	Metadata entityMetadata `json:"metadata"`
	Status   any            `json:"status,omitempty"`
}

type entityMetadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	Annotations map[string]string `json:"annotations"`
}

const originKey = "backstage.io/managed-by-origin-location"

// entities are all there are, by ref.
func (c *catalog) entities() []entity {
	all := []entity{}
	for _, l := range c.locations {
		all = append(all, l.yields()...)
	}
	slices.SortFunc(all, func(a, b entity) int { return cmp.Compare(a.ref(), b.ref()) })
	return all
}

// yields are the location's own entity and those that it produces; none when it cannot be read.
func (l location) yields() []entity {
	if strings.Contains(l.Target, "missing") {
		return nil
	}
	made := func(kind, name string) entity {
		return entity{Kind: kind, Metadata: entityMetadata{
			Name: name, Namespace: "default", Annotations: map[string]string{originKey: "url:" + l.Target},
		}}
	}
	all := []entity{made("Location", strings.TrimPrefix(l.EntityRef, "location:default/"))}
	target, _ := url.Parse(l.Target)
	parts := strings.Split(strings.Trim(target.Path, "/"), "/")
	if len(parts) < 2 {
		return all
	}
	for name := range strings.SplitSeq(parts[1], "+") {
		e := made(strings.ToUpper(parts[0][:1])+parts[0][1:], name)
		if name == "troubled" {
			e.Status = map[string]any{"items": []any{map[string]string{"level": "error", "message": "InputError: it is troubled"}}}
		}
		all = append(all, e)
	}
	return all
}

func (e entity) ref() string {
	return strings.ToLower(e.Kind + ":" + e.Metadata.Namespace + "/" + e.Metadata.Name)
}

func (e entity) value(key string) (string, bool) {
	switch key {
	case "kind":
		return e.Kind, true
	case "metadata.name":
		return e.Metadata.Name, true
	case "metadata.namespace":
		return e.Metadata.Namespace, true
	}
	annotation, _ := strings.CutPrefix(key, "metadata.annotations.")
	value, found := e.Metadata.Annotations[annotation]
	return value, found
}
