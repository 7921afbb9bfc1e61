package provider_test

import (
	"context"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestALocationWaitsForACatalogThatIsAway(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	api.catalogAway = 2 * (1 + orbit.DefaultRetryMax)
	location := coreFor(t, api).location()
	must(t, "create", location.apply(t, location.plan(t, payments())))
	api.change(t, func() { api.catalogAway = 2 * (1 + orbit.DefaultRetryMax) })
	must(t, "destroy", location.apply(t, location.plan(t, nil)))
	if len(api.locations["acme"]) != 0 {
		t.Error("the location is still there")
	}
}

func TestACatalogThatStaysAwayIsAnErrorOfTheWriteAndNotOfThePlan(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	short := with(payments(), object{"timeouts": object{"create": "100ms", "delete": "100ms"}})
	location := existingLocation(t, api, short)
	api.change(t, func() { api.catalogAway = 1000 })
	diags := location.read(t)
	must(t, "refresh", diags)
	want(t, diags.warnings(), "The catalog of acme cannot be asked", "serves nothing now", "last known state")
	if diff := location.changes(location.plan(t, short)); diff != "" {
		t.Errorf("the next plan is not empty:\n%s", diff)
	}
	want(t, location.apply(t, location.plan(t, nil)).errors(), "Unable to delete location", "serves nothing now", "terraform state rm ADDRESS")
	if !location.exists() {
		t.Error("it is not tracked any more, though it is still registered")
	}
	other := coreFor(t, api).location()
	want(t, other.apply(t, other.plan(t, with(short, object{"target": "https://example.com/x"}))).errors(), "serves nothing now")
	want(t, coreFor(t, api).location().importAs(t, "acme/"+catalogInfo, nil).errors(), "Unable to read location", "serves nothing now")
}

func TestAnInterruptedRegistrationIsKnownToTheState(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	location := coreFor(t, api).location()
	p := location.plan(t, payments())
	held := make(chan struct{})
	api.change(t, func() { api.held = held })
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-held
		cancel()
	}()
	diags := location.applyWith(ctx, t, p)
	must(t, "create", diags)
	want(t, diags.warnings(), "The creation of location "+catalogInfo+" of acme was cut short", "The run was interrupted.", "registered all the same")
	if location.get("location_id") != "l1" || location.tainted {
		t.Errorf("state = %v, want what was registered", decode(location.state))
	}
}

func TestARegistrationThatIsInterruptedBeforeItBeginsLeavesNothing(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	location := coreFor(t, api).location()
	p := location.plan(t, payments())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, location.applyWith(ctx, t, p).errors(), "Unable to create location", "The run was interrupted.")
	if location.exists() || len(api.locations["acme"]) != 0 {
		t.Error("something is left of it")
	}
}

func TestALocationIsPlannedWithoutOrbitd(t *testing.T) {
	t.Parallel()
	api := catalogAPI(t)
	location := existingLocation(t, api, payments())
	location.core = newCore(t, object{"endpoint": "http://127.0.0.1:1", "token": fakeToken})
	diags := location.read(t)
	must(t, "refresh", diags)
	want(t, diags.warnings(), "Planned without orbitd")
	if diff := location.changes(location.plan(t, payments())); diff != "" {
		t.Errorf("the plan is not empty:\n%s", diff)
	}
}
