// Package changeplan decides what a change of an instance costs: nothing, a live update, a restart or an upgrade. It is
// pure: no I/O, no clock, and the same answer in the Terraform provider at plan and in orbitd at apply.
//
// What it knows about Backstage is data: the rows of [LiveRows] say which paths of app-config a running process takes
// up and which edits of them it does not, each with the package that listens; the rows of [StartRows] say why others
// are read when a process starts. A path that is in neither costs a restart: to call a restart live would leave a
// process running that is not what was declared, to call a live change a restart costs seconds.
package changeplan
