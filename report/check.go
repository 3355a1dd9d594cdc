package report

// A Check is something that was checked of runs, for CI systems.
type Check struct {
	Name    string // response.p99<2ms, or the figure: rtt.p50
	Outcome Outcome
	Detail  string // what was found, in a sentence
}

// An Outcome is what came of a check. One that is none of these is taken for Inconclusive.
type Outcome string

const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	// Inconclusive says that it could not be told: too few samples, an invalid run, too
	// much noise.
	Inconclusive Outcome = "inconclusive"
)
