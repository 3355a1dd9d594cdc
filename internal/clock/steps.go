package clock

// Steps finds the steps of the wall clock while a run goes on. A clock that is
// merely corrected runs at most 500 ppm fast or slow: adjtimex(2). What it moves
// beyond that is a step.
//
// Its zero value is ready for use.
type Steps struct {
	Count   int64
	Largest Change // of Kind Step, furthest from 0, forward or back

	line, ahead int64 // at the last look; ahead is wall − line
	begun       bool
}

const (
	// The two clocks are read one after the other; what comes in between makes
	// them differ.
	readingTolerance = 1_000_000
	looks            = 5
)

// Look reads the clocks by now, and counts a step if the wall clock has made one
// since the last look. Only a difference that every one of several readings finds
// is a step: between the two halves of a reading the program may be stopped.
func (s *Steps) Look(now func() (line, wall int64)) {
	var line, ahead, jump int64
	for range looks {
		var wall int64
		line, wall = now()
		ahead = wall - line
		if !s.begun {
			s.begun = true
			break
		}
		jump = beyond(ahead-s.ahead, readingTolerance+int64(MaxDrift*float64(line-s.line)))
		if jump == 0 {
			break
		}
	}
	if jump != 0 {
		s.Count++
		if abs(jump) > abs(s.Largest.By) {
			s.Largest = Change{Kind: Step, From: s.line, To: line, By: jump}
		}
	}
	s.line, s.ahead = line, ahead
}

// beyond is d if it is further from 0 than limit, else 0.
func beyond(d, limit int64) int64 {
	if abs(d) <= limit {
		return 0
	}
	return d
}

func abs(d int64) int64 { return max(d, -d) }
