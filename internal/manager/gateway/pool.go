package gateway

import (
	"sync"
	"time"
)

// pool keeps connections that carry no request, for idleTimeout and at most idleConnections of them.
type pool struct {
	mu    sync.Mutex
	links []*link     // the one that is idle longest first
	sweep *time.Timer // nil: there is nothing to sweep
}

// take returns the connection that was used last, since that lets the others expire; nil when there is none.
func (p *pool) take() *link {
	for {
		l := p.last()
		if l == nil || l.quiet() {
			return l
		}
		l.close()
	}
}

func (p *pool) last() *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.links) - 1
	if n < 0 {
		return nil
	}
	l := p.links[n]
	p.links[n] = nil
	p.links = p.links[:n]
	return l
}

// put keeps the connection, or closes it when enough are kept.
func (p *pool) put(l *link) {
	l.idleSince = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.links) >= idleConnections {
		l.close()
		return
	}
	p.links = append(p.links, l)
	if p.sweep == nil { // one timer for all: one for each request would cost more than keeping the connection saves
		p.sweep = time.AfterFunc(idleTimeout, p.expire)
	}
}

// expire closes what was idle for too long.
func (p *pool) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	expired := 0
	for expired < len(p.links) && time.Since(p.links[expired].idleSince) >= idleTimeout {
		expired++
	}
	p.drop(expired)
	if len(p.links) == 0 {
		p.sweep = nil
		return
	}
	p.sweep = time.AfterFunc(idleTimeout-time.Since(p.links[0].idleSince), p.expire)
}

// close closes all that is kept.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sweep != nil {
		p.sweep.Stop() // one that runs already finds nothing
		p.sweep = nil
	}
	p.drop(len(p.links))
}

// drop closes the n that are idle longest. The caller holds mu.
func (p *pool) drop(n int) {
	for _, l := range p.links[:n] {
		l.close()
	}
	left := copy(p.links, p.links[n:])
	clear(p.links[left:])
	p.links = p.links[:left]
}
