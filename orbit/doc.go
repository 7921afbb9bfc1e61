// Package orbit is the contract between orbitd and everything that talks to it: the types of the HTTP API, its problem
// codes, and the client.
//
// It is the only package that the Terraform provider and the instance manager share besides the pure ones
// (internal/appconfig and internal/changeplan), so a program that imports it can do whatever the provider does.
package orbit
