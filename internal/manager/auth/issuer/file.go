package issuer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/declare"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// document is what is in a sign-in file.
type document struct {
	Issuers []config `yaml:"issuers"`
}

// config is one issuer of tokens in a sign-in file.
type config struct {
	// Issuer is the claim iss of its tokens: an https URL, or http on a loopback address.
	Issuer string `yaml:"issuer"`
	// JWKSURL is where its keys are; "" is where its OpenID Connect discovery says.
	JWKSURL string `yaml:"jwks_url"`
	// Audiences are the values of the claim aud that are taken; one at least.
	Audiences []string `yaml:"audiences"`
	// CAFile has the roots of the issuer's own TLS certificate, in the place of the system's.
	CAFile string `yaml:"ca_file"`
	// Rules are looked at in their order; the first that matches decides.
	Rules []rule `yaml:"rules"`

	line int
}

// rule says what tokens with certain claims are good for.
type rule struct {
	// Claims are patterns by the claims' names; all have to match.
	Claims map[string]string `yaml:"claims"`
	Role   orbit.Role        `yaml:"role"`
	// Workspace limits the role to a workspace, and WorkspaceFrom to the one that a claim names, after StripPrefix was taken
	// off.
	Workspace     string `yaml:"workspace"`
	WorkspaceFrom string `yaml:"workspace_from"`
	StripPrefix   string `yaml:"strip_prefix"`

	line     int
	patterns map[string]*regexp.Regexp
}

// UnmarshalYAML refuses keys that are not known.
func (d *document) UnmarshalYAML(node *yaml.Node) error {
	type plain document
	return decode(node, (*plain)(d), "issuers")
}

// UnmarshalYAML refuses keys that are not known.
func (c *config) UnmarshalYAML(node *yaml.Node) error {
	type plain config
	c.line = node.Line
	return decode(node, (*plain)(c), "issuer", "jwks_url", "audiences", "ca_file", "rules")
}

// UnmarshalYAML refuses keys that are not known.
func (r *rule) UnmarshalYAML(node *yaml.Node) error {
	type plain rule
	r.line = node.Line
	return decode(node, (*plain)(r), "claims", "role", "workspace", "workspace_from", "strip_prefix")
}

func decode(node *yaml.Node, into any, keys ...string) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: here belongs a mapping with the keys %s", node.Line, strings.Join(keys, ", "))
	}
	for i := 0; i < len(node.Content); i += 2 {
		if key := node.Content[i]; !slices.Contains(keys, key.Value) {
			return fmt.Errorf("line %d: the key %q is not known here: use %s", key.Line, key.Value, strings.Join(keys, ", "))
		}
	}
	return node.Decode(into)
}

// parse reads a sign-in file. The error says all that is wrong, each with its line.
func parse(content []byte) ([]config, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var d document
	err := decoder.Decode(&d)
	var mistyped *yaml.TypeError
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty: list the issuers under the key issuers, or start orbitd without a sign-in file")
	case errors.As(err, &mistyped):
		return nil, fmt.Errorf("%s: issuers and rules are lists of mappings, audiences is a list of texts, claims a mapping of names to texts",
			strings.Join(mistyped.Errors, "; "))
	case err != nil:
		return nil, err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something after the first YAML document: put all issuers into one list")
	}
	return d.Issuers, d.check()
}

func (d document) check() error {
	if len(d.Issuers) == 0 {
		return errors.New("it names no issuer: list one at least under the key issuers, or start orbitd without a sign-in file")
	}
	var errs []error
	lines := map[string]int{}
	for i := range d.Issuers {
		c := &d.Issuers[i]
		if before, twice := lines[c.Issuer]; twice {
			errs = append(errs, fmt.Errorf("line %d: the issuer %s is already in line %d: give it all its rules in one place", c.line, c.Issuer, before))
		}
		lines[c.Issuer] = c.line
		for _, err := range c.check() {
			errs = append(errs, fmt.Errorf("line %d: %w", c.line, err))
		}
		for j := range c.Rules {
			for _, err := range c.Rules[j].check() {
				errs = append(errs, fmt.Errorf("line %d: %w", c.Rules[j].line, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (c *config) check() []error {
	var errs []error
	if err := secure(c.Issuer); err != nil {
		errs = append(errs, fmt.Errorf("issuer %q %w", c.Issuer, err))
	}
	if err := secure(c.JWKSURL); c.JWKSURL != "" && err != nil {
		errs = append(errs, fmt.Errorf("jwks_url %q %w", c.JWKSURL, err))
	}
	if len(c.Audiences) == 0 || slices.Contains(c.Audiences, "") {
		errs = append(errs, fmt.Errorf("issuer %s has no audiences, or an empty one: name what its tokens have in the claim aud when they are meant for this orbitd",
			c.Issuer))
	}
	if len(c.Rules) == 0 {
		errs = append(errs, fmt.Errorf("issuer %s has no rules, so that none of its tokens would be good for anything: add one, with claims and a role",
			c.Issuer))
	}
	return errs
}

// secure refuses URLs over which somebody else could answer.
func secure(text string) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" {
		return errors.New("is not an absolute URL without user, query and fragment: write one such as https://app.terraform.io")
	}
	host := parsed.Hostname()
	ip := net.ParseIP(host)
	if parsed.Scheme == "https" || parsed.Scheme == "http" && (host == "localhost" || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return errors.New("is not an https URL: only loopback addresses may do without TLS")
}

func (r *rule) check() []error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(r.Claims) == 0 {
		wrong(`the rule has no claims and would match every token of the issuer: name one at least; with sub: "*" it is meant so`)
	}
	r.patterns = map[string]*regexp.Regexp{}
	for name, pattern := range r.Claims {
		if pattern == "" {
			wrong(`the pattern of the claim %s is empty and would never match: write the claim's value, with * for any characters`, name)
		}
		r.patterns[name] = compile(pattern)
	}
	limited := r.Workspace != "" || r.WorkspaceFrom != ""
	switch {
	case !r.Role.Valid():
		wrong("role is %q: use admin, workspace_admin or reader", r.Role)
	case r.Role == orbit.RoleAdmin && limited:
		wrong("an admin is not limited to a workspace: remove workspace and workspace_from, or use the role workspace_admin")
	case r.Role == orbit.RoleWorkspaceAdmin && !limited:
		wrong("a workspace_admin needs workspace, or workspace_from with the claim that names it")
	}
	if r.Workspace != "" && r.WorkspaceFrom != "" {
		wrong("workspace and workspace_from exclude each other: keep one of them")
	}
	if r.StripPrefix != "" && r.WorkspaceFrom == "" {
		wrong("strip_prefix is taken off the claim that workspace_from names: add that, or remove it")
	}
	if r.Workspace != "" {
		for _, d := range declare.Workspace(r.Workspace) {
			wrong("workspace: %s", d.Message)
		}
	}
	return errs
}
