package main

import (
	"context"
	"fmt"
	"time"
)

const (
	// workspace is the one that is measured.
	workspace = "acme"
	host      = workspace + ".localhost"

	latencyRounds  = 40
	latencyAsked   = 300 // requests of one round
	crowd          = 64  // clients of the throughput
	crowdRounds    = 7
	crowdLasting   = 700 * time.Millisecond
	direct         = "direct"
	directsLatency = "direct (its whole latency)"
)

// benchGateway compares the gateway on a trivial backend with the direct connection and with other proxies. The ways
// take turns, so that what else the machine does hits all of them.
func benchGateway(ctx context.Context, b *bench) error {
	var all programs
	defer all.close()
	ways, err := waysToBackend(ctx, b, &all)
	if err != nil {
		return err
	}
	p50s, p99s, rates := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	b.say("gateway: latency of one client, %d rounds of %d requests each way", latencyRounds, latencyAsked)
	for round := range latencyRounds {
		for i := range ways {
			way := ways[(round+i)%len(ways)]
			times, err := oneByOne(ctx, way, latencyAsked)
			if err != nil {
				return err
			}
			p50s[way.name] = append(p50s[way.name], microseconds(times.at(0.5)))
			p99s[way.name] = append(p99s[way.name], microseconds(times.at(0.99)))
		}
	}
	b.say("gateway: throughput of %d clients, %d rounds", crowd, crowdRounds)
	for round := range crowdRounds {
		for i := range ways {
			way := ways[(round+i)%len(ways)]
			rate, err := together(ctx, way, crowd, crowdLasting)
			if err != nil {
				return err
			}
			rates[way.name] = append(rates[way.name], rate)
		}
	}
	for _, way := range ways {
		if way.name == serveGateway {
			continue
		}
		b.add(overhead("gateway_p50_overhead_us", p50s, way.name), overhead("gateway_p99_overhead_us", p99s, way.name),
			figure{"gateway_throughput_rps", median(rates[serveGateway]), "1/s", way.name, median(rates[way.name])})
	}
	return nil
}

// overhead is what the gateway adds to the direct way, beside what the other way adds.
func overhead(name string, latencies map[string][]float64, other string) figure {
	value := added(latencies, serveGateway)
	if other == direct {
		return figure{name, value, "us", directsLatency, median(latencies[direct])}
	}
	return figure{name, value, "us", other, added(latencies, other)}
}

// added is what the way adds to the direct one: the median over the rounds, each compared with itself.
func added(latencies map[string][]float64, way string) float64 {
	differences := make([]float64, len(latencies[way]))
	for i, latency := range latencies[way] {
		differences[i] = latency - latencies[direct][i]
	}
	return median(differences)
}

// waysToBackend starts a trivial backend and everything in front of it.
func waysToBackend(ctx context.Context, b *bench, all *programs) ([]target, error) {
	backend, err := all.self(ctx, serveBackend, "")
	if err != nil {
		return nil, err
	}
	gateway, err := all.self(ctx, serveGateway, backend)
	if err != nil {
		return nil, err
	}
	ways := []target{{direct, backend, host, "/", ""}, {serveGateway, gateway, host, "/", ""}}
	for _, rival := range rivals {
		address, err := rival.open(ctx, all, b.dir, backend)
		if err != nil {
			return nil, err
		}
		if address == "" {
			b.say("gateway: %s is not installed and left out", rival.name)
			continue
		}
		ways = append(ways, target{rival.name, address, host, "/", ""})
	}
	for _, way := range ways { // connections, caches
		if _, err := oneByOne(ctx, way, latencyAsked); err != nil {
			return nil, fmt.Errorf("warm up: %w", err)
		}
	}
	return ways, nil
}
