package httpapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/httpapi"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// everybody signs in with any token.
type everybody struct{}

func (everybody) Authenticate(context.Context, string) (auth.Principal, error) {
	return auth.Principal{Subject: "root", Role: orbit.RoleAdmin}, nil
}

func TestAWrongPathIsNoMissingObject(t *testing.T) {
	t.Parallel()
	api := httpapi.New(httpapi.Options{Auth: everybody{}, Logger: slog.New(slog.DiscardHandler)})
	for _, target := range []string{"DELETE /orbit/v1/instances/acme", "GET /v1/instances/", "POST /v1/instances/acme", "GET /"} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(target, " ")
			answer := httptest.NewRecorder()
			request := httptest.NewRequest(method, path, nil)
			request.Header.Set("Authorization", "Bearer any")
			api.ServeHTTP(answer, request)
			var problem orbit.Problem
			if err := json.Unmarshal(answer.Body.Bytes(), &problem); err != nil {
				t.Fatal(err)
			}
			if answer.Code != http.StatusNotFound || problem.Code != orbit.CodeNoRoute {
				t.Errorf("status = %d, code = %s, want 404 and no_route", answer.Code, problem.Code)
			}
		})
	}
}
