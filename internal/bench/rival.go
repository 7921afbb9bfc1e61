package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/workbench"
)

// rival is another reverse proxy, set up for nothing but speed: no logs, kept connections on both sides, as many
// threads as there are cores.
type rival struct {
	name   string
	config string // with %[1]s for where it listens, %[2]s for the backend, %[3]s for its folder
	start  func(config, dir string) []string
}

var rivals = []rival{
	{"nginx", nginxConfig, func(config, dir string) []string { return []string{"-p", dir, "-c", config, "-e", "stderr"} }},
	{"haproxy", haproxyConfig, func(config, _ string) []string { return []string{"-q", "-db", "-f", config} }},
}

const nginxConfig = `daemon off;
worker_processes auto;
pid %[3]s/pid;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path %[3]s/body;
  proxy_temp_path %[3]s/proxy;
  fastcgi_temp_path %[3]s/fastcgi;
  uwsgi_temp_path %[3]s/uwsgi;
  scgi_temp_path %[3]s/scgi;
  keepalive_requests 100000000;
  upstream backend { server %[2]s; keepalive 128; keepalive_requests 100000000; }
  server {
    listen %[1]s;
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $host;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`

const haproxyConfig = `defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
  option forwardfor
frontend front
  bind %[1]s
  http-request set-header X-Forwarded-Host %%[req.hdr(host)]
  http-request set-header X-Forwarded-Proto http
  default_backend backend
backend backend
  server backend %[2]s
`

// open starts the rival in front of the backend and returns its address, "" when it is not installed.
func (r rival) open(ctx context.Context, all *programs, dir, backend string) (address string, err error) {
	binary, err := lookPath(r.name)
	if err != nil {
		return "", nil //nolint:nilerr // then there is nothing to compare with
	}
	own := filepath.Join(dir, r.name)
	if err := os.Mkdir(own, 0o755); err != nil { // its worker may run as another user
		return "", fmt.Errorf("start %s: %w", r.name, err)
	}
	if address, err = workbench.FreeAddress(ctx); err != nil {
		return "", err
	}
	config := filepath.Join(own, "config")
	if err := os.WriteFile(config, fmt.Appendf(nil, r.config, address, backend, own), 0o600); err != nil {
		return "", fmt.Errorf("start %s: %w", r.name, err)
	}
	command := exec.CommandContext(ctx, binary, r.start(config, own)...)
	var words strings.Builder
	command.Stderr = &words
	if err := all.start(command, syscall.SIGTERM); err != nil {
		return "", fmt.Errorf("start %s: %w", r.name, err)
	}
	if err := answers(ctx, address); err != nil {
		return "", fmt.Errorf("start %s: %w: %s", r.name, err, strings.TrimSpace(words.String()))
	}
	return address, nil
}

// lookPath also looks where Debian has its servers, which is not on every user's path.
func lookPath(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath(filepath.Join("/usr/sbin", name))
	}
	return path, err
}

// answers waits until something listens.
func answers(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return errors.Join(errors.New("it does not listen"), err)
		}
	}
}
