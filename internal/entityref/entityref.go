// Package entityref reads and writes references to entities of a catalog as Backstage's @backstage/catalog-model does:
// component:default/payments. It is pure.
package entityref

import (
	"fmt"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// DefaultNamespace is the namespace of an entity that names none.
const DefaultNamespace = "default"

// form is what messages say a reference looks like.
const form = "write it as kind:namespace/name, where namespace/ may be left out for default/, as in component:default/payments"

// Ref names one entity. Upper and lower case make no difference to the catalog; String evens it out.
type Ref struct {
	Kind, Namespace, Name string
}

// Parse reads a reference, kind:namespace/name or kind:name. The parts keep their case, and the namespace is
// DefaultNamespace where there is none, as catalog-model's parseEntityRef has it.
func Parse(text string) (Ref, error) {
	if text == "" {
		return Ref{}, fmt.Errorf("an entity reference must not be empty: %s", form)
	}
	colon, slash := strings.IndexByte(text, ':'), strings.IndexByte(text, '/')
	if slash >= 0 && slash < colon {
		colon = -1 // it belongs to the name
	}
	ref := Ref{Namespace: DefaultNamespace, Name: text[max(colon, slash)+1:]}
	if colon >= 0 {
		ref.Kind = text[:colon]
	}
	if slash >= 0 {
		ref.Namespace = text[colon+1 : slash]
	}
	if part := ref.missing(); part != "" {
		return Ref{}, fmt.Errorf("the entity reference %q has no %s: %s", text, part, form)
	}
	return ref, nil
}

// Format writes a reference in lower case, as catalog-model's stringifyEntityRef does. An empty namespace is
// DefaultNamespace. Parts that would not be read back as they are, such as a kind with a colon, are an error.
func Format(ref Ref) (string, error) {
	if ref.Namespace == "" {
		ref.Namespace = DefaultNamespace
	}
	if part := ref.missing(); part != "" {
		return "", fmt.Errorf("an entity reference needs a %s: it consists of kind, namespace and name", part)
	}
	text := ref.String()
	if again, err := Parse(text); err != nil || again.String() != text || again.Kind != lower(ref.Kind) || again.Namespace != lower(ref.Namespace) {
		return "", fmt.Errorf("kind %q, namespace %q and name %q cannot be told apart in one text: "+
			"a kind has neither a colon nor a slash, and a namespace no slash", ref.Kind, ref.Namespace, ref.Name)
	}
	return text, nil
}

// String is the reference in lower case: kind:namespace/name.
func (r Ref) String() string {
	return lower(r.Kind) + ":" + lower(r.Namespace) + "/" + lower(r.Name)
}

func (r Ref) missing() string {
	switch {
	case r.Kind == "":
		return "kind"
	case r.Namespace == "":
		return "namespace"
	case r.Name == "":
		return "name"
	default:
		return ""
	}
}

// lower is JavaScript's toLowerCase, which unlike strings.ToLower may make two characters of one.
func lower(text string) string { return cases.Lower(language.Und).String(text) }
