package main

import (
	"context"
	"os"
	"os/signal"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/certificate"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/gateway"
)

func serveCommand() *cli.Command {
	return &cli.Command{
		Name:  "serve",
		Usage: "run the instance manager; SIGTERM ends it alone, instances and PostgreSQL run on and are adopted by the next one; SIGUSR2 restarts it as orbitd restart does",
		Flags: append(slices.Concat(coreFlags(), packageFlags(), gatewayFlags()),
			&cli.StringFlag{
				Name: "listen", Sources: cli.EnvVars("ORBIT_LISTEN"), Value: manager.DefaultListen,
				Usage: "host:port of the API; without TLS a loopback address",
			},
			&cli.StringFlag{
				Name: "tls-cert-file", Sources: cli.EnvVars("ORBIT_TLS_CERT_FILE"),
				Usage: "PEM file with the API's certificate and those between it and its root; read again when it changes",
			},
			&cli.StringFlag{
				Name: "tls-key-file", Sources: cli.EnvVars("ORBIT_TLS_KEY_FILE"),
				Usage: "PEM file with its private key",
			},
			&cli.StringFlag{
				Name: "tls-client-ca-file", Sources: cli.EnvVars("ORBIT_TLS_CLIENT_CA_FILE"),
				Usage: "PEM file with the roots of the certificates that clients of the API have to show (default: none are asked for)",
			},
			&cli.StringFlag{
				Name: "sign-in-file", Sources: cli.EnvVars("ORBIT_SIGN_IN_FILE"),
				Usage: "YAML or JSON file that says whose JSON Web Tokens the API takes, and for what; read again when it changes",
			},
			&cli.StringFlag{
				Name: "gateway-listen", Sources: cli.EnvVars("ORBIT_GATEWAY_LISTEN"), Value: manager.DefaultGatewayListen,
				Usage: "host:port of the gateway to the instances; a loopback address without TLS or trusted proxies",
			},
			&cli.Int64Flag{
				Name: "first-user-id", Sources: cli.EnvVars("ORBIT_FIRST_USER_ID"), HideDefault: true,
				Usage: "as root: the first of the user ids that instances run as (default: a block of 1000 above 7000000, by data directory)",
			},
			&cli.Int64Flag{
				Name: "last-user-id", Sources: cli.EnvVars("ORBIT_LAST_USER_ID"), HideDefault: true,
				Usage: "as root: the last of them",
			},
			&cli.DurationFlag{
				Name: "drain-timeout", Sources: cli.EnvVars("ORBIT_DRAIN_TIMEOUT"), HideDefault: true,
				Usage: "how long a process that was replaced may finish its requests and scaffolder tasks (default: 10m)",
			},
			&cli.DurationFlag{
				Name: "bundle-retention", Sources: cli.EnvVars("ORBIT_BUNDLE_RETENTION"), Value: manager.DefaultBundleRetention,
				Usage: "how long installed packages are kept that no orbitd of the cache uses; 24h at least",
			},
		),
		Action: func(ctx context.Context, c *cli.Command) error {
			o, err := options(c, os.Stderr)
			if err != nil {
				return err
			}
			o.Listen, o.GatewayListen = c.String("listen"), c.String("gateway-listen")
			if o, err = gatewayOptions(c, o); err != nil {
				return err
			}
			o.TLS = certificate.Files{
				Cert: c.String("tls-cert-file"), Key: c.String("tls-key-file"), ClientCA: c.String("tls-client-ca-file"),
			}
			o.SignInFile = c.String("sign-in-file")
			o.FirstUserID, o.LastUserID = c.Int64("first-user-id"), c.Int64("last-user-id")
			o.DrainTimeout = c.Duration("drain-timeout")
			o.BundleRetention = c.Duration("bundle-retention")
			o.NotifySocket = os.Getenv("NOTIFY_SOCKET")
			restart := make(chan os.Signal, 1)
			signal.Notify(restart, manager.RestartSignal) // before anybody can read this process's pid
			defer signal.Stop(restart)
			o.Restart = restart
			if o.Inherited, err = manager.Inherit(); err != nil {
				return err
			}
			m, err := manager.New(o)
			if err != nil {
				return err
			}
			gateway.TuneProcess()
			defer gateway.KeepSmall()()
			return m.Run(ctx)
		},
	}
}
