package httpapi

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// What operations ask of whoever wants them.
var ( //nolint:gochecknoglobals // the columns of a table
	readsWorkspace  = auth.Permission{Role: orbit.RoleReader, About: auth.AboutWorkspace}
	readsOwn        = auth.Permission{Role: orbit.RoleReader, About: auth.AboutOwn}
	readsCommon     = auth.Permission{Role: orbit.RoleReader, About: auth.AboutNone}
	adminsWorkspace = auth.Permission{Role: orbit.RoleWorkspaceAdmin, About: auth.AboutWorkspace}
	adminsAll       = auth.Permission{Role: orbit.RoleAdmin, About: auth.AboutNone}
)

// permissions says of each operation who may do it. One that is not here cannot be registered.
var permissions = map[string]auth.Permission{ //nolint:gochecknoglobals // a table
	"listInstances":   readsOwn,
	"getInstance":     readsWorkspace,
	"putInstance":     adminsWorkspace,
	"deleteInstance":  adminsWorkspace,
	"restartInstance": adminsWorkspace,
	planChange:        readsWorkspace, // plans run in CI

	"listPlugins":  readsWorkspace,
	"getPlugin":    readsWorkspace,
	"putPlugin":    adminsWorkspace,
	"deletePlugin": adminsWorkspace,

	"getChange":    readsOwn,
	"listChanges":  readsWorkspace,
	"listEvents":   readsWorkspace,
	"readLogs":     readsWorkspace,
	"getRetained":  readsWorkspace,
	"listReleases": readsCommon,
	"getPackage":   readsCommon,

	"createToken":          adminsAll,
	"listTokens":           adminsAll,
	"getToken":             adminsAll,
	"patchToken":           adminsAll,
	"revokeToken":          adminsAll,
	"createWorkspaceToken": adminsWorkspace,
	"listWorkspaceTokens":  adminsWorkspace,
	"getWorkspaceToken":    adminsWorkspace,
	"patchWorkspaceToken":  adminsWorkspace,
	"revokeWorkspaceToken": adminsWorkspace,

	"createAccessToken": adminsWorkspace,
	"renewAccessToken":  adminsWorkspace,
	"revokeAccessToken": adminsWorkspace,

	"createCatalogLocation": adminsWorkspace,
	"listCatalogLocations":  readsWorkspace,
	"getCatalogLocation":    readsWorkspace,
	"deleteCatalogLocation": adminsWorkspace,
	"listCatalogEntities":   readsWorkspace,
	"refreshCatalog":        adminsWorkspace,

	"listAudit":          adminsAll,
	"listWorkspaceAudit": adminsWorkspace,
}

// planChange is the one operation that is no GET and changes nothing.
const planChange = "planChange"

// isWrite says whether an operation changes something, and so is audited.
func isWrite(operation *huma.Operation) bool {
	return operation.Method != http.MethodGet && operation.OperationID != planChange
}

// permissionOf returns what the operation needs, and says so in its description. It panics where the table has no line, or
// one that cannot be.
func permissionOf(operation *huma.Operation) auth.Permission {
	needs, listed := permissions[operation.OperationID]
	if !listed {
		panic("the table of permissions has no line for " + operation.OperationID)
	}
	if named := strings.Contains(operation.Path, "{workspace}"); named != (needs.About == auth.AboutWorkspace) {
		panic(fmt.Sprintf("the table of permissions says that %s is about %s, and its path is %s", operation.OperationID, needs.About, operation.Path))
	}
	where := ""
	switch needs.About {
	case auth.AboutWorkspace:
		where = " of the workspace"
	case auth.AboutOwn:
		where = "; whoever is limited to a workspace gets nothing of others"
	}
	operation.Description = strings.TrimSpace(operation.Description + fmt.Sprintf(" Needs at least the role %s%s.", needs.Role, where))
	return needs
}

// permitted lets those pass who may do the operation.
func (a *api) permitted(needs auth.Permission) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if err := needs.Check(auth.FromContext(ctx.Context()), ctx.Param("workspace")); err != nil {
			a.refuse(ctx, &orbit.Problem{
				Code: orbit.CodeForbidden, Title: ctx.Operation().Summary + " is not allowed",
				Detail: err.Error() + "; sign in with a token that has it",
			})
			return
		}
		next(ctx)
	}
}
