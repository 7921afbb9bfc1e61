package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
)

// Programs that a bench runs as processes of their own: whatever shares a process with the load shares its scheduler.
const (
	serveBackend = "backend"
	serveGateway = "gateway"
)

// serve is such a program. It says its address in a line and ends with its standard input, and so with who started it.
func serve(ctx context.Context, what, behind string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serve the %s: %w", what, err)
	}
	var server *http.Server
	switch what {
	case serveBackend:
		server = &http.Server{Handler: http.HandlerFunc(trivial), ReadHeaderTimeout: time.Minute}
	case serveGateway:
		gateway.TuneProcess() // as orbitd does
		logger := slog.New(slog.DiscardHandler)
		g := gateway.New(gateway.Options{Logger: logger})
		g.Switch(workspace, behind)
		server = gateway.Server(g, logger)
	default:
		return fmt.Errorf("there is no %q to serve", what)
	}
	fmt.Println(listener.Addr())
	go func() { // until the program's end
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the %s: %w", what, err)
	}
	return nil
}

// trivial is the backend on which all that takes time is the way to it.
func trivial(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"status":"ok"}`)
}
