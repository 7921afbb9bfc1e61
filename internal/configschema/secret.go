package configschema

import (
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// Secret says whether a package calls what stands at the path a secret: by its visibility, or by the visibility or
// deepVisibility of something above it where it has none of its own. The former is more than Backstage itself does, which
// takes the visibility of a mapping for that of no value at all.
func (s Set) Secret(path appconfig.Path) bool {
	said := s.voices()
	pkg := said.secret("")
	for _, step := range path {
		said = said.below(step)
		pkg = said.secret(pkg)
	}
	return pkg != ""
}

// Literal is a secret that stands in the text of a document.
type Literal struct {
	Path appconfig.Path
	// Package is the one whose schema calls it a secret.
	Package string
	// Value is the secret. It is for masking, and for nothing else.
	Value string
}

// LiteralSecrets are the texts of the document that stand where packages want secrets and hold no reference, in the
// document's order.
func (s Set) LiteralSecrets(document appconfig.Document) []Literal {
	var found []Literal
	s.places(document).literals("", &found)
	return found
}

// Diagnostic tells of the secret without its value.
func (l Literal) Diagnostic() orbit.Diagnostic {
	return orbit.Diagnostic{
		Code: orbit.CodeLiteralSecret, Severity: orbit.SeverityWarning, Path: l.Path.String(),
		Message: fmt.Sprintf("%s calls this a secret, and it stands in the document for all to read; put it into secrets_wo "+
			"and write ${NAME} here", l.Package),
	}
}

// literals collects the secrets at the place and below; above is the package that calls what is above secret, if one
// does.
func (p *place) literals(above string, found *[]Literal) {
	pkg := p.said.secret(above)
	if p.value.Kind() == appconfig.String && p.value.Text() != "" && !p.refers && pkg != "" {
		*found = append(*found, Literal{p.path(), pkg, p.value.Text()})
	}
	for _, item := range p.items {
		item.literals(pkg, found)
	}
	for _, key := range p.keys {
		p.fields[key].literals(pkg, found)
	}
}

// secret is the package that calls the place a secret; "" when none does. Where nobody speaks it is as above it.
func (vs voices) secret(above string) string {
	for _, v := range vs {
		switch seen := seen(v.schema); {
		case seen.own == "secret" || seen.deep == "secret":
			return v.pkg
		case seen.own != "":
			above = ""
		}
	}
	return above
}
