package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	helper "github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

func TestAnInstanceAndItsPluginsAreReadOnce(t *testing.T) {
	t.Parallel()
	for name, older := range map[string]bool{"an orbitd of today": false, "one that answers no plugins": true} {
		api := newFakeAPI(t)
		api.older = older
		instance, plugin := existing(t, api, acme()), existingPlugin(t, api, argoCD())
		api.change(t, func() { api.reads = 0 })
		c := coreFor(t, api)
		instance.core, plugin.core = c, c
		before := decode(plugin.state)
		must(t, "read", instance.read(t))
		must(t, "read", plugin.read(t))
		if fmt.Sprint(decode(plugin.state)) != fmt.Sprint(before) || api.reads != 1 {
			t.Errorf("%s: %d reads; plugin %v, want %v", name, api.reads, decode(plugin.state), before)
		}
	}
}

func TestAReadAfterAWriteOfTheSameRunSeesIt(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t)
	instance, plugin := existing(t, api, acme()), existingPlugin(t, api, argoCD())
	c := coreFor(t, api)
	instance.core, plugin.core = c, c
	must(t, "read", instance.read(t))
	must(t, "update", instance.apply(t, instance.plan(t, with(acme(), object{"memory_limit_mib": 512}))))
	must(t, "remove", plugin.apply(t, plugin.plan(t, nil)))
	plugin = existingPlugin(t, api, argoCD()) // by somebody else
	plugin.core = c
	api.change(t, func() {
		api.instances["acme"].MemoryLimitMiB = 2048
		api.plugins["acme"][argoCDPackage].Version = "4.7.0"
	})
	must(t, "read", instance.read(t))
	must(t, "read", plugin.read(t))
	if instance.get("memory_limit_mib") != 2048 || plugin.get("version") != "4.7.0" {
		t.Errorf("read %v and %v", instance.get("memory_limit_mib"), plugin.get("version"))
	}
}

// counted is the API with a count of all requests.
func counted(t *testing.T, api *fakeAPI) (endpoint string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		api.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

// timed is how long Terraform takes for it.
func (tf *project) timed(t *testing.T, args ...string) time.Duration {
	t.Helper()
	started := time.Now()
	tf.do(t, args...)
	return time.Since(started)
}

const estateLocals = `
variable "workspaces" { default = %d }
variable "plugins" { default = %d }
locals {
  workspaces = toset([for i in range(var.workspaces) : "w${i}"])
  plugins    = { for p in setproduct(local.workspaces, range(var.plugins)) : "${p[0]}-${p[1]}" => { workspace = p[0], package = "plugin-${p[1]}" } }
}
`

const estateResources = `
resource "orbit_backstage_instance" "all" {
  for_each            = local.workspaces
  workspace           = each.key
  deletion_protection = false
}
resource "orbit_backstage_plugin" "all" {
  for_each  = local.plugins
  workspace = orbit_backstage_instance.all[each.value.workspace].workspace
  package   = each.value.package
  version   = "1.0.0"
}
`

// quickest is how long Terraform takes for it at best: the machine may be busy.
func (tf *project) quickest(t *testing.T, args ...string) time.Duration {
	t.Helper()
	return min(tf.timed(t, args...), tf.timed(t, args...))
}

// The same as estateResources without a provider: what Terraform itself takes for as many resources.
const estateAlone = `
resource "terraform_data" "instances" {
  for_each = local.workspaces
  input    = each.key
}
resource "terraform_data" "plugins" {
  for_each = local.plugins
  input    = [terraform_data.instances[each.value.workspace].output, each.value.package, "1.0.0"]
}
`

// wholeEstate is the variable that makes an estate one of 50 instances with 10 plugins each, which takes a minute to make.
const wholeEstate = "ORBIT_TEST_WHOLE_ESTATE"

//nolint:paralleltest,tparallel // what is measured is measured alone
func TestAccRefreshingAnEstateIsFewRequests(t *testing.T) {
	t.Parallel()
	if os.Getenv(helper.EnvTfAcc) == "" {
		t.Skip("acceptance tests run with TF_ACC=1")
	}
	type size struct{ workspaces, plugins int }
	sizes := []size{{1, 0}, {5, 10}}
	if os.Getenv(wholeEstate) != "" {
		sizes = append(sizes, size{50, 10})
	}
	for _, size := range sizes {
		name := fmt.Sprintf("%d plugins of %d instances", size.workspaces*size.plugins, size.workspaces)
		t.Run(name, func(t *testing.T) {
			locals := fmt.Sprintf(estateLocals, size.workspaces, size.plugins)
			alone := newProject(t, manager{}, locals+estateAlone)
			alone.apply(t)
			api := newFakeAPI(t)
			endpoint, asked := counted(t, api)
			tf := newProject(t, manager{endpoint: endpoint, token: fakeToken}, locals+estateResources)
			tf.apply(t)
			own := alone.quickest(t, "plan")
			planned := tf.quickest(t, "plan", "-refresh=false", "-detailed-exitcode")
			asked.Store(0)
			tf.do(t, "plan", "-detailed-exitcode")
			requests := asked.Load()
			took := tf.quickest(t, "plan", "-detailed-exitcode")
			fmt.Printf("figure: refresh of %s: %d requests, %s beyond the plan's %s; Terraform's own resources plan in %s\n", name, requests,
				(took - planned).Round(10*time.Millisecond), planned.Round(10*time.Millisecond), own.Round(10*time.Millisecond))
			if requests > int64(size.workspaces) {
				t.Errorf("a plan without changes made %d requests, want one for each instance", requests)
			}
		})
	}
}

func TestAccTheProviderIsThereAtOnce(t *testing.T) {
	t.Parallel()
	if os.Getenv(helper.EnvTfAcc) == "" {
		t.Skip("acceptance tests run with TF_ACC=1")
	}
	program, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	quickest := time.Hour
	for range 5 {
		command := exec.CommandContext(t.Context(), program)
		command.Env = append(os.Environ(), "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2", "PLUGIN_PROTOCOL_VERSIONS=6")
		output, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, 256)
		n, err := output.Read(line) // where it listens, which Terraform waits for
		quickest = min(quickest, time.Since(started))
		_ = command.Process.Kill()
		_ = command.Wait()
		if err != nil || !strings.Contains(string(line[:n]), "|grpc|") {
			t.Fatalf("the provider said %q, %v", line[:n], err)
		}
	}
	fmt.Printf("figure: start of the provider: %s\n", quickest.Round(time.Millisecond))
}
