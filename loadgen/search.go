package loadgen

import (
	"math"
	"slices"

	"github.com/echostamp/echostamp/internal/record"
)

// outcome is what a run says of the rate it was made at.
type outcome uint8

const (
	held    outcome = iota // the objective, with the rate reached
	failed                 // by the server
	limited                // failed, and it may have been the load generator
)

// How far a search goes.
const (
	precise  = 1.05 // the lowest rate that fails, to the highest that holds
	explored = 1    // runs that must hold for a rate to count as one that does
	repeats  = 2    // runs that must fail for a rate to count as one that does not
	confirms = 3    // runs in which the answer must hold, besides those that found it
)

// search looks for the highest rate that holds. It doubles the rate until it fails,
// or halves it until it holds, then narrows what is in between, and repeats what it
// has found. One failure may be bad luck: a rate fails if it does so twice. It is
// arithmetic: next says what to run, and note takes what came of it.
type search struct {
	min, max float64

	rate    float64 // that is being tried
	purpose string
	holds   int // at this rate, for this purpose
	fails   int
	last    outcome // of the fails, limited if one was

	good  []float64 // rates that held, and have not failed since, ascending
	bad   float64   // the lowest rate that failed; 0 is none
	limit outcome   // of bad
	done  bool
}

// The purposes of steps.
const (
	bracket = "bracket"
	bisect  = "bisect"
	confirm = "confirm"
)

func newSearch(first, least, most float64) *search {
	return &search{min: least, max: most, rate: min(most, roundRate(first)), purpose: bracket}
}

// best is the highest rate that holds; 0 is none.
func (s *search) best() float64 {
	if len(s.good) == 0 {
		return 0
	}
	return s.good[len(s.good)-1]
}

// note takes the outcome of a run at the rate, and goes on to the next.
func (s *search) note(o outcome) {
	need := explored
	if s.purpose == confirm {
		need = confirms
	}
	if o == held {
		s.holds++
	} else {
		s.fails++
		s.last = max(s.last, o) // the generator is out of it only if it always was
	}
	switch {
	case s.holds == need && s.purpose == confirm:
		s.done = true
	case s.holds == need:
		s.good = append(s.good, s.rate)
		slices.Sort(s.good)
		s.move()
	case s.fails == repeats:
		s.bad, s.limit = s.rate, s.last
		s.good = slices.DeleteFunc(s.good, func(r float64) bool { return r >= s.bad })
		s.move()
	}
}

// move decides on the next rate.
func (s *search) move() {
	s.holds, s.fails, s.last = 0, 0, held
	best := s.best()
	switch {
	case best == 0 && s.bad <= s.min:
		s.done = true // nothing holds
	case best == 0:
		s.purpose, s.rate = bracket, max(s.min, roundRate(s.bad/2))
	case s.bad == 0 && best >= s.max:
		s.purpose, s.rate = confirm, best
	case s.bad == 0:
		s.purpose, s.rate = bracket, min(s.max, roundRate(best*2))
	default:
		middle := roundRate(math.Sqrt(best * s.bad))
		if s.bad/best <= precise || middle <= best || middle >= s.bad {
			s.purpose, s.rate = confirm, best
		} else {
			s.purpose, s.rate = bisect, middle
		}
	}
}

// limitName says what is in the way of a higher rate.
func (s *search) limitName() string {
	switch {
	case !s.done:
		return record.ByEnd
	case s.bad == 0:
		return record.ByMax
	case s.limit == limited:
		return record.ByGenerator
	}
	return record.ByServer
}

// roundRate keeps three significant digits.
func roundRate(r float64) float64 {
	scale := math.Pow(10, math.Floor(math.Log10(r))-2)
	if scale < 1 {
		return math.Round(r/scale) / math.Round(1/scale)
	}
	return math.Round(r/scale) * scale
}
