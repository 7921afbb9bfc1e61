package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	readers        = 16
	readersRounds  = 8
	readersWarmUp  = 2 // rounds that do not count
	readersLasting = 1500 * time.Millisecond
)

// benchBackstage compares reading an entity of a real Backstage through orbitd's gateway with reading it directly.
func benchBackstage(ctx context.Context, b *bench) error {
	s, err := b.site(ctx)
	if err != nil {
		return err
	}
	status, err := s.status(ctx)
	if err != nil {
		return err
	}
	address, err := listensOn(status.PID)
	if err != nil {
		return err
	}
	header := "Authorization: Bearer " + s.session + "\r\n"
	ways := []target{{direct, address, host, component, header}, {serveGateway, s.gateway, host, component, header}}
	b.say("backstage: throughput of %d clients, %d rounds of %v each way", readers, readersRounds, readersLasting)
	rates := map[string][]float64{}
	for round := range readersWarmUp + readersRounds {
		for i := range ways {
			way := ways[(round+i)%len(ways)]
			rate, err := together(ctx, way, readers, readersLasting)
			if err != nil {
				return err
			}
			if round >= readersWarmUp {
				rates[way.name] = append(rates[way.name], rate)
			}
		}
	}
	ratios := make([]float64, readersRounds)
	for i := range ratios {
		ratios[i] = rates[serveGateway][i] / rates[direct][i]
	}
	b.say("backstage: %.0f requests/s directly, %.0f through the gateway", median(rates[direct]), median(rates[serveGateway]))
	b.add(figure{"gateway_backstage_throughput_ratio", median(ratios), "1", direct, 1})
	return nil
}

// listensOn is the loopback address on which the process listens.
func listensOn(pid int) (string, error) {
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		return "", err
	}
	own := map[string]bool{}
	for _, link := range links {
		if name, err := os.Readlink(link); err == nil && strings.HasPrefix(name, "socket:[") {
			own[strings.TrimSuffix(strings.TrimPrefix(name, "socket:["), "]")] = true
		}
	}
	sockets, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", pid))
	if err != nil {
		return "", fmt.Errorf("find the instance's port: %w", err)
	}
	const local, state, inode, listening = 1, 3, 9, "0A"
	for line := range strings.Lines(string(sockets)) {
		fields := strings.Fields(line)
		if len(fields) <= inode || fields[state] != listening || !own[fields[inode]] {
			continue
		}
		_, port, _ := strings.Cut(fields[local], ":")
		number, err := strconv.ParseUint(port, 16, 16)
		if err != nil {
			return "", fmt.Errorf("find the instance's port: %w", err)
		}
		return fmt.Sprintf("127.0.0.1:%d", number), nil
	}
	return "", fmt.Errorf("process %d listens on no TCP port that this user can see", pid)
}
