// Package access lets orbitd, and whoever it gives a token, call the API of a workspace's own Backstage.
//
// Every instance trusts one key: its app-config has the public half, so it verifies what orbitd signs without asking
// anybody. What is signed (a JWT for one workspace) lives for minutes and only ever passes from the gateway to an
// instance. What people get is an access token: random, stored as a hash, looked up by the gateway at every request, and
// so void at the moment when it is revoked.
package access
