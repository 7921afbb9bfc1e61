package operator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
)

const (
	eventStreamType = "text/event-stream"
	// maxStreams is how many streams may be open at the same time.
	maxStreams = 100
	// beatEvery is how often a stream says that it is there, so that what is between notices when it is not.
	beatEvery = 15 * time.Second
	// writeTimeout is how long a browser may take to receive what it is sent.
	writeTimeout = 10 * time.Second
	// againAfter is when a browser comes back whose stream has ended, in milliseconds.
	againAfter = 1000
)

// stream sends server-sent events, as the HTML standard describes them.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// errTooMany says that as many streams are open as may be.
var errTooMany = errors.New("too many streams are open")

// openStream begins a stream; whoever gets one has to close it.
func (p *operator) openStream(w http.ResponseWriter) (s *stream, closes func(), err error) {
	select {
	case p.streams <- struct{}{}:
	default:
		return nil, nil, errTooMany
	}
	h := w.Header()
	h.Set("Content-Type", eventStreamType)
	h.Set("X-Accel-Buffering", "no") // nginx
	s = &stream{w: w, control: http.NewResponseController(w)}
	if err := s.write(fmt.Appendf(nil, "retry: %d\n\n", againAfter)); err != nil {
		<-p.streams
		return nil, nil, err
	}
	return s, func() { <-p.streams }, nil
}

// send sends an event. Its id is what a browser that comes back goes on after; "" leaves that as it is.
func (s *stream) send(kind, id, data string) error {
	var event bytes.Buffer
	if id != "" {
		fmt.Fprintf(&event, "id: %s\n", id)
	}
	fmt.Fprintf(&event, "event: %s\n", kind)
	for text := range strings.SplitSeq(strings.ReplaceAll(data, "\r", " "), "\n") {
		fmt.Fprintf(&event, "data: %s\n", text)
	}
	event.WriteByte('\n')
	return s.write(event.Bytes())
}

// beat sends a comment, which browsers ignore.
func (s *stream) beat() error { return s.write([]byte(":\n\n")) }

func (s *stream) write(data []byte) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := s.w.Write(data); err != nil {
		return err
	}
	return s.control.Flush()
}

// source is what a stream is of.
type source struct {
	// next returns a channel that tells when there may be something new. It is taken before send looks.
	next func() <-chan struct{}
	// send sends what is new.
	send func(ctx context.Context, s *stream) error
}

// stream answers with a stream, for whoever may see it.
func (p *operator) stream(needs auth.Permission, open func(*http.Request) (source, error)) http.HandlerFunc {
	return p.signedIn(needs, func(w http.ResponseWriter, r *http.Request) {
		from, err := open(r)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		s, closes, err := p.openStream(w)
		if errors.Is(err, errTooMany) {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
		if err != nil {
			return
		}
		defer closes()
		err = p.follow(r, needs, s, from)
		p.Logger.DebugContext(r.Context(), "stream ended", "path", r.URL.Path, "error", err)
	})
}

// follow sends until the browser goes away, orbitd ends, or the session's token is not what it was: the browser comes back
// by itself, and is told then.
func (p *operator) follow(r *http.Request, needs auth.Permission, s *stream, from source) error {
	beats := time.NewTicker(beatEvery)
	defer beats.Stop()
	for {
		principal, err := p.admit(r, needs)
		if err != nil {
			return err
		}
		if principal != auth.FromContext(r.Context()) {
			return errForbidden
		}
		next := from.next()
		if err := from.send(r.Context(), s); err != nil {
			return err
		}
		select {
		case <-next:
		case <-beats.C:
			if err := s.beat(); err != nil {
				return err
			}
		case <-p.Ending.Done():
			return p.Ending.Err()
		case <-r.Context().Done():
			return r.Context().Err()
		}
	}
}
