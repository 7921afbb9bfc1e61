package process

import (
	"encoding/json"
	"fmt"

	"github.com/orbit-idp/terraform-provider-orbit/internal/changeplan"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/runtime"
)

// The states of a host, as the control protocol has them.
const (
	stateLoading  = "loading"
	stateStandby  = "standby"
	stateStarting = "starting"
	stateReady    = "ready"
	stateFailed   = "failed"
)

// The codes of a host's errors that mean that Backstage did not come up.
const (
	codeLoadFailed = "load_failed"
	codeBootFailed = "boot_failed"
)

// request is one line to the host. The link gives it its id.
type request struct {
	ID      int64           `json:"id"`
	Op      string          `json:"op"`
	Config  json.RawMessage `json:"config,omitempty"`
	Redact  []string        `json:"redact,omitempty"`
	Looks   []look          `json:"looks,omitempty"`
	GraceMS int64           `json:"graceMs,omitempty"`
	// Whose a process is that stood by for nobody, and its folders.
	Workspace string `json:"workspace,omitempty"`
	Home      string `json:"home,omitempty"`
	Tmp       string `json:"tmp,omitempty"`
}

// look is a changeplan.Look on its way to the host.
type look struct {
	Path     string              `json:"path"`
	Kind     changeplan.LookKind `json:"kind"`
	Route    string              `json:"route,omitempty"`
	WithinMS int64               `json:"withinMs"`
}

// answer is one line from the host.
type answer struct {
	ID     int64            `json:"id"`
	OK     bool             `json:"ok"`
	State  string           `json:"state"`
	Port   int              `json:"port"`
	Unseen []runtime.Unseen `json:"unseen"`
	Error  *hostError       `json:"error"`
}

// hostError is what the host says when it could not do what was asked.
type hostError struct {
	Code    string `json:"code"`
	Plugin  string `json:"plugin"`
	Message string `json:"message"`
}

// Error names the code, and the plugin where one is known.
func (e *hostError) Error() string {
	if e.Plugin != "" {
		return fmt.Sprintf("%s: plugin %s: %s", e.Code, e.Plugin, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// brokeBoot says whether the error means that Backstage did not come up, so that the host ends by itself.
func (e *hostError) brokeBoot() bool { return e.Code == codeLoadFailed || e.Code == codeBootFailed }
