package manager

import "net"

// notify tells systemd about this service, as sd_notify(3) does; without one it does nothing.
func (m *Manager) notify(state string) {
	if m.options.NotifySocket == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: m.options.NotifySocket, Net: "unixgram"})
	if err == nil {
		defer func() { _ = conn.Close() }()
		_, err = conn.Write([]byte(state))
	}
	if err != nil {
		m.options.Logger.Warn("systemd not told", "state", state, "error", err)
	}
}
