package store

import (
	"errors"
	"io"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// Unavailable says whether an error is PostgreSQL's being away for the moment: it restarts, or the connection broke. What
// was attempted may be tried again.
func Unavailable(err error) bool {
	if err == nil {
		return false
	}
	var connect *pgconn.ConnectError
	var server *pgconn.PgError
	switch {
	case errors.As(err, &connect):
		return true
	case errors.As(err, &server):
		// Classes of SQLSTATE: 08 connection exception, 57P operator intervention (shutdown, crash, cannot connect now),
		// 53300 too many connections. PostgreSQL's manual, appendix A.
		return strings.HasPrefix(server.Code, "08") || strings.HasPrefix(server.Code, "57P") || server.Code == "53300"
	default:
		return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
			pgconn.SafeToRetry(err)
	}
}
