package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/urfave/cli/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
)

// Every flag has a twin in the environment: ORBIT_ and its name in capitals. The flag wins.

func dataDirFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "data-dir", Sources: cli.EnvVars("ORBIT_DATA_DIR"),
		Usage: "where state is kept (default: /var/lib/orbit for root, else orbit in the XDG data folder)",
	}
}

func logLevelFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "log-level", Sources: cli.EnvVars("ORBIT_LOG_LEVEL"), Value: "info", Usage: "debug, info, warn or error",
	}
}

func logFormatFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "log-format", Sources: cli.EnvVars("ORBIT_LOG_FORMAT"), Value: "text", Usage: "text or json",
	}
}

func cacheDirFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "cache-dir", Sources: cli.EnvVars("ORBIT_CACHE_DIR"),
		Usage: "where packages are installed, shared by all orbitds (default: /var/cache/orbit for root, else orbit in the XDG cache folder)",
	}
}

// coreFlags are those of every command that opens what orbitd keeps.
func coreFlags() []cli.Flag {
	return []cli.Flag{
		cacheDirFlag(),
		&cli.StringFlag{
			Name: "run-dir", Sources: cli.EnvVars("ORBIT_RUN_DIR"),
			Usage: "where sockets are; a short path (default: below /run/orbit for root, else below the XDG runtime folder)",
		},
		&cli.StringFlag{ //nolint:gosec // the usage shows where a URL has its password
			Name: "postgres-url", Sources: cli.EnvVars(manager.PostgresURLVariable),
			Usage: "a PostgreSQL server to use instead of the embedded one, as postgres://user:password@host/database; prefer the variable: arguments are visible to everybody",
		},
		&cli.StringFlag{
			Name: "postgres-user", Sources: cli.EnvVars("ORBIT_POSTGRES_USER"),
			Usage: "as root: the user that the embedded PostgreSQL runs as (default: the first of orbit, postgres and nobody that exists)",
		},
		&cli.StringFlag{
			Name: "sealing-key-file", Sources: cli.EnvVars("ORBIT_SEALING_KEY_FILE"),
			Usage: "file with the key that seals stored secrets (default: sealing.key in the data directory, made at the first start)",
		},
		&cli.StringFlag{
			Name: "sealing-key-command", Sources: cli.EnvVars("ORBIT_SEALING_KEY_COMMAND"),
			Usage: "command that prints that key; ORBIT_SEALING_KEY can also carry the key itself, where root can read it",
		},
		&cli.Int64Flag{
			Name: "max-plugins-size", Sources: cli.EnvVars("ORBIT_MAX_PLUGINS_SIZE"), Value: bundle.DefaultMaxBytes >> 20,
			Usage: "how much the plugins of one instance may add to the release, unpacked, in MiB",
		},
	}
}

// packageFlags say which packages may be added to instances.
func packageFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{
			Name: "allow-packages", Sources: cli.EnvVars("ORBIT_ALLOW_PACKAGES"),
			Usage: "packages that instances may add as plugins: patterns such as @acme/* or @acme/x@>=2, and the word default for the well-known publishers of Backstage plugins; repeatable or divided by commas (default: default)",
		},
		&cli.StringSliceFlag{
			Name: "deny-packages", Sources: cli.EnvVars("ORBIT_DENY_PACKAGES"),
			Usage: "packages that they may not add, whatever is allowed: patterns such as @acme/x@<4; repeatable or divided by commas",
		},
	}
}

// options reads the flags that coreFlags and the program itself have.
func options(c *cli.Command, logTo io.Writer) (manager.Options, error) {
	logger, err := newLogger(c, logTo)
	if err != nil {
		return manager.Options{}, err
	}
	return manager.Options{
		DataDir:         c.String("data-dir"),
		CacheDir:        c.String("cache-dir"),
		RunDir:          c.String("run-dir"),
		PostgresURL:     c.String("postgres-url"),
		PostgresUser:    c.String("postgres-user"),
		SealingKey:      secret.Source{File: c.String("sealing-key-file"), Value: sealingKey(), Command: c.String("sealing-key-command")},
		MaxPluginsBytes: c.Int64("max-plugins-size") << 20,
		AllowPackages:   c.StringSlice("allow-packages"),
		DenyPackages:    c.StringSlice("deny-packages"),
		Version:         fullVersion(),
		Logger:          logger,
	}, nil
}

func newLogger(c *cli.Command, to io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.String("log-level"))); err != nil {
		return nil, fmt.Errorf("--log-level is %q: use debug, info, warn or error", c.String("log-level"))
	}
	o := &slog.HandlerOptions{Level: level}
	switch format := c.String("log-format"); format {
	case "text":
		return slog.New(slog.NewTextHandler(to, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(to, o)), nil
	default:
		return nil, fmt.Errorf("--log-format is %q: use text or json", format)
	}
}
