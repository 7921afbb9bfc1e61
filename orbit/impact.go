package orbit

// Impact is what a change costs the instance that it concerns. The values are ordered: none, live, restart, upgrade.
type Impact string

const (
	// ImpactNone means that nothing reaches the running process: the documents are equal, or only metadata moved.
	ImpactNone Impact = "none"
	// ImpactLive means that the running process takes the change in, with the same pid and without losing a request.
	ImpactLive Impact = "live"
	// ImpactRestart means that a new process takes over from the old one on the same database.
	ImpactRestart Impact = "restart"
	// ImpactUpgrade means that code of another version meets the database: the old process stops before the new one
	// migrates it.
	ImpactUpgrade Impact = "upgrade"
)

// rank orders the impacts; a value that is not an Impact ranks below none.
func (i Impact) rank() int {
	switch i {
	case ImpactNone:
		return 1
	case ImpactLive:
		return 2
	case ImpactRestart:
		return 3
	case ImpactUpgrade:
		return 4
	default:
		return 0
	}
}

// Valid says whether i is one of the four impacts.
func (i Impact) Valid() bool { return i.rank() > 0 }

// Exceeds says whether i costs more than other.
func (i Impact) Exceeds(other Impact) bool { return i.rank() > other.rank() }

// Interrupts says whether i replaces the instance's process.
func (i Impact) Interrupts() bool { return i.Exceeds(ImpactLive) }

// MaxImpact returns the costliest of the given impacts, ImpactNone when there is none.
func MaxImpact(impacts ...Impact) Impact {
	highest := ImpactNone
	for _, i := range impacts {
		if i.Exceeds(highest) {
			highest = i
		}
	}
	return highest
}

// Reason says why one part of a change costs what it costs. It never carries a value of the document, because values
// can be secret.
type Reason struct {
	// Path is where the change is: an app-config path such as "backend.cors.origin", or one of "instance" (as a whole), "release",
	// "memory_limit_mib", `plugins["<package>"]` and `plugins["<package>"].version`.
	Path string `json:"path" doc:"Where the change is: an app-config path such as backend.cors.origin, or instance, release, memory_limit_mib, plugins[\"<package>\"]."`
	// Impact is what this part alone would cost.
	Impact Impact `json:"impact" enum:"none,live,restart,upgrade" doc:"What this part alone would cost."`
	// Because is a sentence for the user, without a full stop.
	Because string `json:"because" doc:"Why it costs that, in words."`
}

// String renders the reason in one line: "backend.cors.origin: restart, because …".
func (r Reason) String() string {
	return r.Path + ": " + string(r.Impact) + ", because " + r.Because
}
