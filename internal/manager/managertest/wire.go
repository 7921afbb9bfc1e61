package managertest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Cut says what becomes of the connections to PostgreSQL when a statement passes.
type Cut int

// The cuts.
const (
	// CutNothing lets the statement pass.
	CutNothing Cut = iota
	// CutBefore cuts all connections, and PostgreSQL never hears of the statement.
	CutBefore
	// CutAfter cuts all connections when the statement is sent: PostgreSQL carries it out, and nobody hears the answer.
	CutAfter
)

// Wire is the way from one orbitd to a PostgreSQL server. It can be cut, as the end of orbitd's process cuts it:
// PostgreSQL rolls back what was not committed.
type Wire struct {
	// Watch is called with every statement that changes something, before it passes: those outside transactions, and the
	// COMMIT of one that wrote, followed by what it wrote. It is called from goroutines of the wire, one call for each
	// connection at a time. Nil lets everything pass.
	Watch func(statement string) Cut

	server   string // the server's URL
	dir      string
	listener net.Listener
	running  sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]struct{}
}

// NewWire returns a wire to the server of the URL, which has its socket's folder as host. The caller closes it.
func NewWire(server string) (*Wire, error) {
	dir, err := os.MkdirTemp("", "orbit-wire-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a wire: %w", err)
	}
	w := &Wire{server: server, dir: dir, conns: map[net.Conn]struct{}{}}
	if w.listener, err = net.Listen("unix", w.socket(dir)); err != nil { //nolint:noctx // it does not wait
		return nil, errors.Join(fmt.Errorf("listen for a wire: %w", err), os.RemoveAll(dir))
	}
	w.running.Go(w.accept)
	return w, nil
}

// URL is where the server is reached over the wire.
func (w *Wire) URL() string {
	parsed := w.parsed()
	query := parsed.Query()
	query.Set("host", w.dir)
	parsed.RawQuery = query.Encode()
	return parsed.String()
}

// Cut cuts all connections, and every new one, until Mend.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	for conn := range w.conns {
		_ = conn.Close() // it may be closed already
	}
}

// Mend lets new connections pass again.
func (w *Wire) Mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = false
}

// Close cuts the wire for ever.
func (w *Wire) Close() error {
	err := w.listener.Close()
	w.Cut()
	w.running.Wait()
	return errors.Join(err, os.RemoveAll(w.dir))
}

func (w *Wire) parsed() *url.URL {
	parsed, err := url.Parse(w.server)
	if err != nil {
		panic(err) // it was made by a URL's String
	}
	return parsed
}

func (w *Wire) socket(dir string) string {
	return filepath.Join(dir, ".s.PGSQL."+w.parsed().Query().Get("port"))
}

func (w *Wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("unix", w.socket(w.parsed().Query().Get("host"))) //nolint:noctx // a socket of this machine
		if err != nil || !w.track(client, server) {
			_ = client.Close()
			if server != nil {
				_ = server.Close()
			}
			continue
		}
		end := func() { w.untrack(client, server) }
		w.running.Go(func() {
			defer end()
			_, _ = io.Copy(client, server)
		})
		w.running.Go(func() {
			defer end()
			w.forward(client, server)
		})
	}
}

// track notes two connections, unless the wire is cut.
func (w *Wire) track(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		return false
	}
	for _, conn := range conns {
		w.conns[conn] = struct{}{}
	}
	return true
}

func (w *Wire) untrack(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
		delete(w.conns, conn)
	}
}

// forward passes what the client says, until one of the two is gone or the wire is cut.
func (w *Wire) forward(client io.Reader, server io.Writer) {
	reader := bufio.NewReader(client)
	m, err := readMessage(reader, false) // the first has no type
	session := session{prepared: map[string]string{}}
	for ; err == nil; m, err = readMessage(reader, true) {
		cut := CutNothing
		if statement := session.changes(m); statement != "" && w.Watch != nil {
			cut = w.Watch(statement)
		}
		switch cut {
		case CutBefore:
			w.Cut()
			return
		case CutAfter:
			for ; err == nil; m, err = readMessage(reader, true) {
				if _, err := server.Write(m); err != nil || m.carriedOut() {
					break
				}
			}
			w.Cut()
			return
		case CutNothing:
			if _, err := server.Write(m); err != nil {
				return
			}
		}
	}
}

// message is one of PostgreSQL's frontend protocol, with its type and length; see the manual's chapter on message formats.
type message []byte

func readMessage(r io.Reader, typed bool) (message, error) {
	const lengthSize = 4
	begin := 0
	if typed {
		begin = 1
	}
	head := make(message, begin+lengthSize)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	size := begin + int(binary.BigEndian.Uint32(head[begin:]))
	if size < len(head) {
		return nil, fmt.Errorf("a message of %d bytes", size)
	}
	m := make(message, size)
	_, err := io.ReadFull(r, m[copy(m, head):])
	return m, err
}

// carriedOut says whether the server carries out what it was sent when it gets the message: a query, or a Sync.
func (m message) carriedOut() bool { return m[0] == 'Q' || m[0] == 'S' }

// texts are the first n strings of the message.
func (m message) texts(n int) []string {
	const header = 5
	texts := make([]string, n)
	for i, text := range bytes.SplitN(m[header:], []byte{0}, n+1) {
		if i < n {
			texts[i] = string(text)
		}
	}
	return texts
}

// session follows what one connection does.
type session struct {
	prepared map[string]string // statements by name
	bound    string            // the statement that the next Execute carries out
	writes   []string          // what the transaction under way wrote
	inside   bool              // a transaction
}

// changes returns what the message makes the server change for others to see, "" for nothing.
func (s *session) changes(m message) string {
	switch m[0] {
	case 'P':
		texts := m.texts(2)
		s.prepared[texts[0]] = texts[1]
	case 'B':
		s.bound = s.prepared[m.texts(2)[1]]
	case 'E':
		return s.carryOut(s.bound)
	case 'Q':
		return s.carryOut(m.texts(1)[0])
	}
	return ""
}

func (s *session) carryOut(statement string) string {
	switch verb(statement) {
	case "BEGIN":
		s.inside, s.writes = true, nil
	case "ROLLBACK":
		s.inside = false
	case "COMMIT":
		s.inside = false
		if len(s.writes) > 0 {
			return "COMMIT of " + strings.Join(s.writes, ", ")
		}
	case "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "GRANT", "REVOKE":
		if !s.inside {
			return beginning(statement)
		}
		s.writes = append(s.writes, beginning(statement))
	default:
		if strings.Contains(statement, "pg_terminate_backend") {
			return "SELECT pg_terminate_backend"
		}
	}
	return ""
}

// beginning is what a statement does to what, without its values.
func beginning(statement string) string {
	const words = 4
	all := strings.Fields(statement)
	return strings.Join(all[:min(words, len(all))], " ")
}

// verb is the first word of a statement.
func verb(statement string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(statement), " ")
	return strings.ToUpper(strings.TrimSuffix(word, ";"))
}
