// Package postgres provides what instances and the manager store their data in: Embedded runs a PostgreSQL of Orbit's
// own, Cluster gives every workspace its database and role, in that server or in any other.
package postgres
