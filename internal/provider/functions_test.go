package provider_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// call calls a function as Terraform does, and returns its result, or its error and the argument that is to blame.
func (c *core) call(t *testing.T, name string, arguments ...any) (result any, problem *tfprotov6.FunctionError) {
	t.Helper()
	definition := c.schema.Functions[name]
	request := &tfprotov6.CallFunctionRequest{Name: name}
	for i, argument := range arguments {
		parameter := definition.VariadicParameter
		if i < len(definition.Parameters) {
			parameter = definition.Parameters[i]
		}
		typ := parameter.Type
		if !typ.Is(tftypes.DynamicPseudoType) {
			request.Arguments = append(request.Arguments, dynamic(t, typ, encode(t, typ, argument)))
			continue
		}
		value := encode(t, typeOf(argument), argument)
		request.Arguments = append(request.Arguments, dynamic(t, typ, value))
	}
	answer, err := c.server.(tfprotov6.FunctionServer).CallFunction(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Error != nil {
		return nil, answer.Error
	}
	return decode(undynamic(t, definition.Return.Type, answer.Result)), nil
}

// typeOf is the type that Terraform gives an HCL expression.
func typeOf(value any) tftypes.Type {
	switch value := value.(type) {
	case object:
		types := map[string]tftypes.Type{}
		for name, field := range value {
			types[name] = typeOf(field)
		}
		return tftypes.Object{AttributeTypes: types}
	case bool:
		return tftypes.Bool
	case nil:
		return tftypes.DynamicPseudoType
	default:
		return tftypes.String
	}
}

func TestFunctionsNeedNoConfiguration(t *testing.T) {
	t.Parallel()
	c := newCore(t, object{"endpoint": unknown})
	if _, problem := c.call(t, "parse_entity_ref", "component:payments"); problem != nil {
		t.Errorf("%+v", problem)
	}
}

func TestAppConfigsAreMerged(t *testing.T) {
	t.Parallel()
	c := newCore(t, nil)
	for name, test := range map[string]struct {
		documents []any
		want      string
	}{
		"none":                 {nil, `{}`},
		"null and empty":       {[]any{nil, "", "# nothing\n", "b: 1"}, `{"b":1}`},
		"mappings are merged":  {[]any{"app: {title: A, x: 1}", `{"app": {"title": "B"}}`}, `{"app":{"title":"B","x":1}}`},
		"lists replace":        {[]any{"a: [1, 2]", "a: [3]"}, `{"a":[3]}`},
		"null removes":         {[]any{"a: {b: 1, c: 2}", "a: {b: null}"}, `{"a":{"c":2}}`},
		"references stay":      {[]any{"a: ${TOKEN}", "b: {$env: OTHER}", "c: '${X:-y}'"}, `{"a":"${TOKEN}","b":"${OTHER}","c":"${X:-y}"}`},
		"orbitd's keys stay":   {[]any{"backend: {baseUrl: x}", "backend: {cors: {origin: y}}"}, `{"backend":{"baseUrl":"x","cors":{"origin":"y"}}}`},
		"keys are sorted":      {[]any{"b: 1\na: 2"}, `{"a":2,"b":1}`},
		"but not those routes": {[]any{"proxy: {endpoints: {/b/a: x, /b: y}}"}, `{"proxy":{"endpoints":{"/b/a":"x","/b":"y"}}}`},
	} {
		if got, problem := c.call(t, "merge_app_config", test.documents...); got != test.want || problem != nil {
			t.Errorf("%s: %v, want %s; %+v", name, got, test.want, problem)
		}
	}
}

func TestADocumentThatCannotBeMergedIsNamed(t *testing.T) {
	t.Parallel()
	c := newCore(t, nil)
	_, problem := c.call(t, "merge_app_config", "a: 1", "b:\n  c: 1\n d: 2\n", "e: {$file: x}")
	if problem == nil || *problem.FunctionArgument != 1 {
		t.Fatalf("%+v", problem)
	}
	want(t, problem.Text, "Argument 2: line 3, column", "Argument 3: e[\"$file\"], line 1, column 5: ")
}

func TestTheImpactOfAChangeIsTold(t *testing.T) {
	t.Parallel()
	c := newCore(t, nil)
	for name, test := range map[string]struct {
		before, after any
		impact        string
		paths         []string
	}{
		"nothing":    {"a: {b: 1}", `{"a": {"b": 1}}`, "none", nil},
		"null":       {nil, "", "none", nil},
		"live":       {"", "proxy: {endpoints: {/x: {target: 'https://x.example.com'}}}", "live", []string{"proxy"}},
		"restart":    {"backend: {cors: {origin: a}}", "backend: {cors: {origin: b}}", "restart", []string{"backend.cors.origin"}},
		"references": {"a: ${TOKEN}", "a: ${TOKEN}", "none", nil},
	} {
		got, problem := c.call(t, "change_impact", test.before, test.after)
		if problem != nil {
			t.Errorf("%s: %+v", name, problem)
			continue
		}
		var paths []string
		for _, reason := range got.(object)["reasons"].([]any) {
			paths = append(paths, reason.(object)["path"].(string))
		}
		if impact := got.(object)["impact"]; impact != test.impact || cmp.Diff(test.paths, paths) != "" {
			t.Errorf("%s: %v because of %v, want %v because of %v", name, impact, paths, test.impact, test.paths)
		}
	}
	_, problem := c.call(t, "change_impact", "a: 1", "- 1")
	if problem == nil || *problem.FunctionArgument != 1 {
		t.Fatalf("%+v", problem)
	}
	want(t, problem.Text, "Argument 2: line 1, column 1: an app-config is a mapping")
}

func TestEntityRefsAreTakenApartAndPutTogether(t *testing.T) {
	t.Parallel()
	c := newCore(t, nil)
	parts, problem := c.call(t, "parse_entity_ref", "Component:Payments")
	if diff := cmp.Diff(object{"kind": "Component", "namespace": "default", "name": "Payments"}, parts); diff != "" || problem != nil {
		t.Errorf("%s%+v", diff, problem)
	}
	for _, entity := range []any{
		parts,
		object{"kind": "component", "name": "payments"},
		object{"kind": "component", "name": "payments", "namespace": nil},
		object{"kind": "Component", "apiVersion": "v1", "metadata": object{"name": "payments"}, "spec": object{"x": true}},
	} {
		if text, problem := c.call(t, "format_entity_ref", entity); text != "component:default/payments" || problem != nil {
			t.Errorf("%v: %v, %+v", entity, text, problem)
		}
	}
	// OpenTofu asks for them although a part is unknown.
	for _, entity := range []any{
		object{"kind": "component", "name": unknown}, object{"kind": "component", "namespace": unknown, "name": "x"},
		object{"kind": "component", "metadata": object{"name": unknown}},
	} {
		if text, problem := c.call(t, "format_entity_ref", entity); text != unknown || problem != nil {
			t.Errorf("%v: %v, %+v", entity, text, problem)
		}
	}
	for _, wrong := range []struct {
		function string
		argument any
		say      string
	}{
		{"parse_entity_ref", "payments", `The entity reference "payments" has no kind`},
		{"format_entity_ref", "component:payments", "The entity is no object"},
		{"format_entity_ref", object{"kind": "component"}, "An entity reference needs a name"},
		{"format_entity_ref", object{"kind": true, "name": "x"}, "The entity's kind is no string"},
		{"format_entity_ref", object{"kind": "component", "metadata": "x"}, "An entity reference needs a name"},
	} {
		_, problem := c.call(t, wrong.function, wrong.argument)
		if problem == nil || *problem.FunctionArgument != 0 || !strings.HasPrefix(problem.Text, wrong.say) {
			t.Errorf("%s(%v): %+v, want %q", wrong.function, wrong.argument, problem, wrong.say)
		}
	}
}
