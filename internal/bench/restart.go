package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	restarts     = 10
	restartsAlso = 3 // without load
	quietLasting = 15 * time.Second
	liveChanges  = 7

	withoutRestarts = "the same load without restarts"
)

// benchRestart restarts a real Backstage under load, by changes of its config, beside the same load without restarts and
// with a process that is stopped and started.
func benchRestart(ctx context.Context, b *bench) error {
	s, err := b.site(ctx)
	if err != nil {
		return err
	}
	b.say("restart: the load of %d requests/s by itself, %v", time.Second/loadEvery, quietLasting)
	quiet, err := s.loaded(ctx, func() error { return pause(ctx, quietLasting) })
	if err != nil {
		return err
	}
	busy, err := s.loaded(ctx, func() error {
		for i := range restarts {
			b.say("restart: %d of %d under load", i+1, restarts)
			if err := s.declare(ctx, s.withOrigin(fmt.Sprint("http://localhost:", 4000+i))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.say("restart: stop and start under load")
	stopped, err := s.loaded(ctx, func() error { return s.stopAndStart(ctx) })
	if err != nil {
		return err
	}
	b.say("restart: %d requests during the restarts, %d failed %s", len(busy.waits)+busy.failures, busy.failures, busy.first)
	for _, other := range []struct {
		name string
		outcome
	}{{withoutRestarts, quiet}, {"stop and start", stopped}} {
		b.add(figure{"restart_failed_requests", float64(busy.failures), "requests", other.name, float64(other.failures)},
			figure{"restart_longest_wait_ms", milliseconds(busy.longest()), "ms", other.name, milliseconds(other.longest())})
	}
	// Beside stop and start it would flatter those of its requests that were answered.
	b.add(figure{"restart_p99_ms", milliseconds(busy.waits.at(0.99)), "ms", withoutRestarts, milliseconds(quiet.waits.at(0.99))})
	return nil
}

// benchChange measures from the API call until the new config serves, of a live change and of one that is a restart.
func benchChange(ctx context.Context, b *bench) error {
	s, err := b.site(ctx)
	if err != nil {
		return err
	}
	var all programs
	defer all.close()
	backend, err := all.self(ctx, serveBackend, "")
	if err != nil {
		return err
	}
	var live, restart []float64
	b.say("change: %d live ones", liveChanges)
	for i := range liveChanges {
		path := fmt.Sprintf("/bench-%d", i)
		took, err := s.effect(ctx, s.withEndpoint(path, "http://"+backend), "/api/proxy"+path, "", answer.ok)
		if err != nil {
			return err
		}
		live = append(live, milliseconds(took))
	}
	for i := range restartsAlso {
		b.say("change: restart %d of %d", i+1, restartsAlso)
		took, err := s.restarted(ctx, 5000+i)
		if err != nil {
			return err
		}
		restart = append(restart, took.Seconds())
	}
	b.say("change: stop and start")
	start := time.Now()
	if err := s.stopAndStart(ctx); err != nil {
		return err
	}
	b.add(figure{"live_change_ms", median(live), "ms", "a change that is a restart", median(restart) * 1000},
		figure{"restart_change_s", median(restart), "s", "stop and start", time.Since(start).Seconds()})
	return nil
}

// benchStandby measures a restart of an instance whose orbitd has a standby for it, beside one that has none, and how
// long that orbitd's boots take beside one from nothing.
func benchStandby(ctx context.Context, b *bench) error {
	if b.bootSeconds == 0 {
		if err := benchBoot(ctx, b); err != nil {
			return err
		}
	}
	with, err := b.sharingSite(ctx)
	if err != nil {
		return err
	}
	var restart, boot []float64
	for i := range restartsAlso {
		b.say("standby: restart %d of %d", i+1, restartsAlso)
		if err := with.untilLogged(ctx, standsBy, i+1); err != nil {
			return err
		}
		took, err := with.restarted(ctx, 6000+i)
		if err != nil {
			return err
		}
		load, start, err := with.lastBoot()
		if err != nil {
			return err
		}
		b.say("standby: in %v; it had loaded after %v and was ready %v later", took, load, start)
		restart, boot = append(restart, took.Seconds()), append(boot, (load+start).Seconds())
	}
	b.add(figure{"boot_from_standby_s", median(boot), "s", "without a standby", b.bootSeconds})
	if os.Geteuid() != 0 {
		return nil // there is no other kind of orbitd
	}
	without, err := b.site(ctx)
	if err != nil {
		return err
	}
	var alone []float64
	for i := range restartsAlso {
		b.say("standby: restart %d of %d without one", i+1, restartsAlso)
		took, err := without.restarted(ctx, 7000+i)
		if err != nil {
			return err
		}
		alone = append(alone, took.Seconds())
	}
	b.add(figure{"restart_change_s", median(restart), "s", "without a standby, as root", median(alone)})
	return nil
}

// restarted is how long a change takes that is a restart.
func (s *site) restarted(ctx context.Context, port int) (time.Duration, error) {
	origin := fmt.Sprint("http://localhost:", port)
	return s.effect(ctx, s.withOrigin(origin), component, origin, func(got answer) bool {
		return got.header.Get("Access-Control-Allow-Origin") == origin
	})
}

// effect is the time from the write until the answer to a request shows it. The change is applied when it returns.
func (s *site) effect(ctx context.Context, d declared, path, origin string, shown func(answer) bool) (time.Duration, error) {
	start := time.Now()
	change, err := s.write(ctx, d)
	if err != nil {
		return 0, err
	}
	if err := s.until(ctx, 2*time.Millisecond, path, origin, shown); err != nil {
		return 0, err
	}
	took := time.Since(start)
	_, err = s.client.WaitChange(ctx, change.ID, nil)
	return took, err
}

// stopAndStart ends the instance's process, which orbitd then starts again, and returns when it serves.
func (s *site) stopAndStart(ctx context.Context) error {
	status, err := s.status(ctx)
	if err != nil {
		return err
	}
	if err := syscall.Kill(status.PID, syscall.SIGKILL); err != nil {
		return fmt.Errorf("stop process %d: %w", status.PID, err)
	}
	return s.until(ctx, 10*time.Millisecond, component, "", func(got answer) bool {
		now, err := s.status(ctx)
		return err == nil && now.PID != status.PID && got.ok()
	})
}

// loaded is what the load meets while run runs, and a moment longer.
func (s *site) loaded(ctx context.Context, run func() error) (outcome, error) {
	l := s.begin(ctx)
	err := run()
	if err == nil {
		err = pause(ctx, time.Second)
	}
	return l.end(), err
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
