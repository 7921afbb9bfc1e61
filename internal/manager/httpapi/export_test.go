package httpapi

// Permissions is the table.
var Permissions = permissions //nolint:gochecknoglobals // for the tests of the package
