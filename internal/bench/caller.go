package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// target is what is asked: always the same request, over kept connections.
type target struct {
	name    string
	address string // host:port
	host    string // of the Host header
	path    string
	header  string // further lines, each with its end
}

// caller asks a target over one connection, on its own goroutine: as little of the measured time as can be is its own.
type caller struct {
	conn    net.Conn
	reader  *bufio.Reader
	request []byte
}

func call(ctx context.Context, t target) (*caller, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.address)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", t.name, err)
	}
	request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: orbit-bench\r\nAccept: */*\r\n%s\r\n", t.path, t.host, t.header)
	return &caller{conn, bufio.NewReader(conn), []byte(request)}, nil
}

// ask sends the request and reads the whole answer.
func (c *caller) ask() error {
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	response, err := http.ReadResponse(c.reader, nil) //nolint:bodyclose // the connection is closed with the caller
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return fmt.Errorf("status %d: %s", response.StatusCode, strings.TrimSpace(string(text)))
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.Close {
		return errors.New("the connection is not kept")
	}
	return nil
}

func (c *caller) close() { _ = c.conn.Close() }

// oneByOne asks n times, each after the answer before.
func oneByOne(ctx context.Context, t target, n int) (sample, error) {
	c, err := call(ctx, t)
	if err != nil {
		return nil, err
	}
	defer c.close()
	times := make(sample, 0, n)
	for range n {
		start := time.Now()
		if err := c.ask(); err != nil {
			return nil, fmt.Errorf("ask %s: %w", t.name, err)
		}
		times = append(times, time.Since(start))
	}
	return times, ctx.Err()
}

// together asks with that many clients at once for that long and returns the answers per second.
func together(ctx context.Context, t target, clients int, lasting time.Duration) (float64, error) {
	callers := make([]*caller, clients)
	for i := range callers {
		c, err := call(ctx, t)
		if err != nil {
			return 0, err
		}
		defer c.close()
		callers[i] = c
	}
	var work sync.WaitGroup
	counts, failures := make([]int, clients), make([]error, clients)
	start := time.Now()
	for i, c := range callers {
		work.Go(func() {
			for time.Since(start) < lasting && ctx.Err() == nil {
				if failures[i] = c.ask(); failures[i] != nil {
					return
				}
				counts[i]++
			}
		})
	}
	work.Wait()
	took := time.Since(start)
	if err := errors.Join(failures...); err != nil {
		return 0, fmt.Errorf("ask %s with %d clients: %w", t.name, clients, err)
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / took.Seconds(), ctx.Err()
}
