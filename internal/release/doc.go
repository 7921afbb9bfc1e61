// Package release holds what a release is made with against what users of it count on: the Terraform registry, systemd,
// Debian's packages and whoever checks where a file came from. Its tests read the configuration, and with ORBIT_TEST_DIST
// also what was built from it.
package release
