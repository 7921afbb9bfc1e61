package declare

import "testing"

func TestEntityFilters(t *testing.T) {
	t.Parallel()
	for filter, ok := range map[string]bool{
		"kind=component": true, "kind=component,spec.type=service": true, "metadata.annotations.backstage.io/orphan": true,
		" kind = component , ": true, "spec.owner=": true, "a==": true,
		"": false, " , ": false, "=component": false, "kind=component, =x": false,
	} {
		if found := EntityFilter(filter); (len(found) == 0) != ok {
			t.Errorf("%q: %v", filter, found)
		}
	}
}

func TestEntityRefs(t *testing.T) {
	t.Parallel()
	for ref, ok := range map[string]bool{"component:payments": true, "Component:default/payments": true, "payments": false, "": false} {
		if found := EntityRef(ref); (len(found) == 0) != ok {
			t.Errorf("%q: %v", ref, found)
		}
	}
}
