// Package secret keeps the values of secrets unreadable where they rest and where they could leak: Keyring seals them
// before they reach the store, Masker takes them out of logs and errors.
//
// A sealed value names the key that sealed it and is bound to its place (workspace, name, version), so a value that
// was copied to another row does not open there.
package secret
