package provider_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// labelling is a core whose provider has the default labels.
func labelling(t *testing.T, api *fakeAPI, defaults any) *core {
	t.Helper()
	return newCore(t, object{"endpoint": api.URL, "token": fakeToken, "default_labels": defaults})
}

// wantLabels compares what the instance has in labels and in labels_all.
func wantLabels(t *testing.T, r *resource, own, all any) {
	t.Helper()
	if diff := cmp.Diff([]any{own, all}, []any{r.get("labels"), r.get("labels_all")}); diff != "" {
		t.Errorf("labels, labels_all (-want +got):\n%s", diff)
	}
}

func TestDefaultLabelsStandUnderTheInstancesOwn(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	config := with(acme(), object{"labels": object{"team": "payments"}})
	instance := labelling(t, api, object{"team": "nobody", "stage": "dev"}).instance()
	p := instance.plan(t, config)
	all := object{"team": "payments", "stage": "dev"}
	if diff := cmp.Diff(all, p.get("labels_all")); diff != "" {
		t.Errorf("planned labels_all (-want +got):\n%s", diff)
	}
	must(t, "create", instance.apply(t, p))
	wantLabels(t, instance, object{"team": "payments"}, all)
	if diff := cmp.Diff(map[string]string{"team": "payments", "stage": "dev"}, api.instances["acme"].Labels); diff != "" {
		t.Errorf("orbitd's labels (-want +got):\n%s", diff)
	}
	must(t, "refresh", instance.refresh(t))
	if diff := instance.changes(instance.plan(t, config)); diff != "" {
		t.Errorf("the next plan is not empty:\n%s", diff)
	}
}

func TestOtherDefaultLabelsAreAnUpdateThatCostsNothing(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := labelling(t, api, object{"stage": "dev", "gone": "1"}).instance()
	must(t, "create", instance.apply(t, instance.plan(t, acme())))
	instance.core = labelling(t, api, object{"stage": "prod"})
	must(t, "refresh", instance.refresh(t))
	wantLabels(t, instance, nil, object{"stage": "dev", "gone": "1"})
	p := instance.plan(t, acme())
	if p.get("change_impact") != "none" || !cmp.Equal(p.get("labels_all"), any(object{"stage": "prod"})) || p.get("restart_revision") != 0 {
		t.Errorf("plan = %v", decode(p.value))
	}
	must(t, "update", instance.apply(t, p))
	wantLabels(t, instance, nil, object{"stage": "prod"})
}

func TestUnknownLabelsHideNothingElse(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	changed := with(acme(), object{"memory_limit_mib": 512})
	for name, c := range map[string]struct{ defaults, own, all any }{
		"the defaults":       {unknown, nil, unknown},
		"a default":          {object{"a": unknown, "b": "x"}, nil, object{"a": unknown, "b": "x"}},
		"the instance's own": {object{"b": "x"}, unknown, unknown},
		"one of its own":     {object{"b": "x"}, object{"b": unknown}, object{"b": unknown}},
	} {
		instance.core = labelling(t, api, c.defaults)
		p := instance.plan(t, with(changed, object{"labels": c.own}))
		must(t, name, p.diags)
		if !cmp.Equal(p.get("labels_all"), c.all) || p.get("change_impact") != "restart" {
			t.Errorf("%s: labels_all = %v, impact = %v", name, p.get("labels_all"), p.get("change_impact"))
		}
	}
}

// A label that is unknown in the plan can be what it was in the apply, which then changes nothing and has to leave what the
// state says of the change before.
func TestALabelThatIsUnknownLeavesOpenWhetherAnythingChanges(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	labelled := with(acme(), object{"labels": object{"owner": "a"}})
	instance := existing(t, api, labelled)
	changed := with(labelled, object{"memory_limit_mib": 512})
	must(t, "update", instance.apply(t, instance.plan(t, changed)))
	p := instance.plan(t, with(changed, object{"labels": object{"owner": unknown}}))
	must(t, "plan", p.diags)
	if p.get("change_impact") != unknown || p.get("change_reasons") != unknown || p.get("restart_revision") != 1 {
		t.Errorf("planned %v, %v, %v; want two unknown and revision 1", p.get("change_impact"), p.get("change_reasons"), p.get("restart_revision"))
	}
	p = instance.plan(t, changed)
	must(t, "plan", p.diags)
	if p.get("change_impact") != "restart" || p.get("restart_revision") != 1 {
		t.Errorf("the state's %v, %v is not kept", p.get("change_impact"), p.get("restart_revision"))
	}
}

func TestAnImportShowsAsOwnWhatIsNoDefault(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	config := with(acme(), object{"labels": object{"team": "payments"}})
	first := labelling(t, api, object{"stage": "dev"}).instance()
	must(t, "create", first.apply(t, first.plan(t, config)))
	instance := labelling(t, api, object{"stage": "dev"}).instance()
	must(t, "import", instance.importAs(t, "acme", nil))
	wantLabels(t, instance, object{"team": "payments"}, object{"team": "payments", "stage": "dev"})
	if diff := instance.changes(instance.plan(t, config)); diff != "" {
		t.Errorf("the plan after the import is not empty:\n%s", diff)
	}
}

func TestLabelsThatSomebodyElseSetAreDrift(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	config := with(acme(), object{"labels": object{"team": "payments", "lost": "1"}})
	instance := labelling(t, api, object{"stage": "dev"}).instance()
	must(t, "create", instance.apply(t, instance.plan(t, config)))
	api.change(t, func() {
		api.instances["acme"].Labels = map[string]string{"team": "search", "stage": "qa", "extra": "x"}
	})
	must(t, "refresh", instance.refresh(t))
	wantLabels(t, instance, object{"team": "search", "stage": "qa", "extra": "x"}, object{"team": "search", "stage": "qa", "extra": "x"})
	must(t, "repair", instance.apply(t, instance.plan(t, config)))
	wantLabels(t, instance, object{"team": "payments", "lost": "1"}, object{"team": "payments", "lost": "1", "stage": "dev"})
}

func TestAStateWithoutLabelsPlansNoChange(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance := existing(t, api, acme())
	earlier := with(decode(instance.state).(object), object{"labels_all": nil})
	instance.state = encode(t, instance.typ, earlier)
	if diff := instance.changes(instance.plan(t, acme())); diff != "" {
		t.Errorf("the plan of a state that knows no labels is not empty:\n%s", diff)
	}
}

func TestWhatIsWrongWithALabelIsSaidAtTheLabel(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	found := coreFor(t, api).instance().plan(t, with(acme(), object{"labels": object{"team": "a b"}})).diags
	want(t, found.errors(), `AttributeName("labels").ElementKeyString("team")`, "label team cannot have the value")
	found = configure(t, object{"default_labels": object{"-x": "y"}}, nil).Diagnostics
	want(t, found.errors(), `AttributeName("default_labels")`, "Unable to configure", `"-x" is not the name of a label`)
}
