#!/bin/sh
# The container's first process. Instances and PostgreSQL outlive orbitd, but nothing outlives the container: SIGTERM stops
# all of them in order. Anything but "serve" and "healthy" is handed to orbitd.
set -eu

case "${1-}" in
serve)
    trap 'orbitd stop --all' TERM INT
    orbitd "$@" &
    serving=$!
    status=0
    wait "$serving" || status=$? # interrupted, where it was the trap that ended it
    kill -0 "$serving" 2>/dev/null || exit "$status"
    wait "$serving"
    ;;
healthy)
    # The listener is TLS where it has a certificate, which the health check takes as it is: it asks itself.
    exec node -e '
        const tls = Boolean(process.env.ORBIT_TLS_CERT_FILE);
        const port = (process.env.ORBIT_LISTEN ?? ":7070").split(":").pop();
        require(tls ? "https" : "http")
            .get({ host: "127.0.0.1", port, path: "/healthz", rejectUnauthorized: false }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))
            .on("error", error => { console.error(error.message); process.exit(1); });
    '
    ;;
*)
    exec orbitd "$@"
    ;;
esac
