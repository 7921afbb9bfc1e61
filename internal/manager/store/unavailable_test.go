package store_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/store"
)

func TestWhichErrorsAreAnOutageOfPostgreSQL(t *testing.T) {
	t.Parallel()
	broken := func(call string, errno syscall.Errno) error {
		return fmt.Errorf("write a row: %w", &net.OpError{Op: call, Net: "tcp", Err: os.NewSyscallError(call, errno)})
	}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"none":                           {nil, false},
		"it closed the connection":       {fmt.Errorf("read a row: %w", io.ErrUnexpectedEOF), true},
		"it reset the connection":        {broken("read", syscall.ECONNRESET), true},
		"it is gone":                     {broken("write", syscall.EPIPE), true},
		"it is being stopped":            {&pgconn.PgError{Code: "57P01"}, true},
		"it has no connection left":      {&pgconn.PgError{Code: "53300"}, true},
		"it refuses what it is told":     {&pgconn.PgError{Code: "23514"}, false},
		"something else is out of order": {errors.New("no memory"), false},
	} {
		if got := store.Unavailable(c.err); got != c.want {
			t.Errorf("%s: Unavailable = %v, want %v", name, got, c.want)
		}
	}
}
