package release

import (
	"strings"
	"testing"
)

// directives are the lines of a unit file, by key. A key that stands more than once has its values in a row.
func directives(unit string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(unit) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			found[key] = strings.TrimSpace(found[key] + " " + value)
		}
	}
	return found
}

func TestTheUnitKeepsWhatItPromises(t *testing.T) {
	t.Parallel()
	unit := directives(readFile(t, "deploy/systemd/orbitd.service"))
	for key, want := range map[string]string{
		// Instances outlive orbitd, and the sockets outlive both.
		"Type": "notify", "KillMode": "process", "OOMPolicy": "continue", "RuntimeDirectoryPreserve": "yes", "Delegate": "yes",
		"ExecStart": "orbitd serve", "ExecReload": "orbitd restart", "Sockets": "orbitd-api.socket orbitd-gateway.socket",
		// Hardening that the instances can live with.
		"NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "ProtectClock": "yes", "ProtectHostname": "yes",
		"ProtectKernelLogs": "yes", "ProtectKernelModules": "yes", "ProtectKernelTunables": "yes", "PrivateDevices": "yes",
		"LockPersonality": "yes", "RestrictNamespaces": "yes", "RestrictRealtime": "yes", "RestrictSUIDSGID": "yes",
		"SystemCallArchitectures": "native", "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
		"CapabilityBoundingSet": "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL CAP_SETGID CAP_SETUID CAP_SYS_PTRACE",
	} {
		if unit[key] != want {
			t.Errorf("%s=%s, want %s", key, unit[key], want)
		}
	}
}

func TestTheSocketsAreOfLoopbackAndOfTheService(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"api": "127.0.0.1:7070", "gateway": "127.0.0.1:7007"} {
		socket := directives(readFile(t, "deploy/systemd/orbitd-"+name+".socket"))
		if socket["ListenStream"] != address || socket["FileDescriptorName"] != name || socket["Service"] != "orbitd.service" {
			t.Errorf("socket %s: %v", name, socket)
		}
	}
}
