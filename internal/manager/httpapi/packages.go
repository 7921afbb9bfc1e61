package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func (a *api) packages() {
	route(a, huma.Operation{
		OperationID: "getPackage", Method: http.MethodGet, Path: "/v1/packages/{package}", Tags: []string{"packages"},
		Summary: "Read package", Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
		Description: "What the registry says about an npm package, and what is known about it with a release. Nothing is " +
			"installed. 503 with code unchecked: the registry does not answer.",
	}, func(ctx context.Context, in *struct {
		Package string `path:"package" doc:"The npm package name, percent-encoded." example:"@roadiehq%2Fbackstage-plugin-argo-cd-backend"`
		Version string `query:"version" doc:"Exact version, or a range. Absent: the latest."`
		Release string `query:"release" doc:"The Backstage release. Absent: the default one."`
	}) (*struct{ Body orbit.Package }, error) {
		found, err := a.reader.Package(ctx, in.Package, orbit.PackageQuestion{Version: in.Version, Release: in.Release})
		if err != nil {
			return nil, notThere(err)
		}
		return &struct{ Body orbit.Package }{found}, nil
	})
}

// notThere makes what a write is refused for an object that does not exist, where it is what was asked for.
func notThere(err error) error {
	var p *orbit.Problem
	if !errors.As(err, &p) {
		return err
	}
	switch p.Code {
	case orbit.CodePackageNotFound, orbit.CodeVersionNotFound, orbit.CodeUnknownRelease:
		missing := *p
		missing.Status = http.StatusNotFound
		return &missing
	default:
		return err
	}
}
