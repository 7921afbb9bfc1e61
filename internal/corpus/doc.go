// Package corpus holds edits of app-config whose cost was measured on a real Backstage, and holds what changeplan says
// about them against that.
//
// The folder edits has the questions: documents before and after, and the probes that look at what they change. The
// folder measured has the answers, a file for each release, written by the program in the folder measure. It observes
// a process with the config before, the same process after the new config was pushed into it, and a fresh process that
// booted with the new config:
//
//	the fresh process does not boot            no-boot
//	all three observations are equal           none, which means silent where the edit asks for something
//	after the push as after the fresh boot     live
//	anything else, half an effect included     restart
//
// Every edit that has an effect is measured in both directions: taking it back is an edit as well, and costs what it
// costs.
package corpus
