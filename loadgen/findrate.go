package loadgen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/echostamp/echostamp/internal/pace"
	"github.com/echostamp/echostamp/internal/record"
	"github.com/echostamp/echostamp/internal/unit"
)

// Search says which rate FindRate is to find.
type Search struct {
	Objective record.Objective
	Max       float64 // the highest rate to try, messages a second; 0 is pace.MaxRate
	// Step, if set, is called with each run that is over.
	Step func(record.Step)
}

// firstRate is where a search begins, unless the objective needs more samples.
const firstRate = 1000

// rates returns where a search begins, and between which rates it stays.
func (s Search) rates(cfg Config) (first, least, most float64, err error) {
	most = cmp.Or(s.Max, pace.MaxRate)
	if !(most > 0 && most <= pace.MaxRate) {
		return 0, 0, 0, &ConfigError{"find-max", fmt.Sprintf("%v is not between 0 and %.0f/s", most, pace.MaxRate)}
	}
	if cfg.Duration < time.Millisecond {
		return 0, 0, 0, &ConfigError{"duration", fmt.Sprintf("%v is too short for a run of the search", cfg.Duration)}
	}
	samples := max(s.Objective.Samples(), fewestReplies)
	// Some more, for random arrivals may be fewer than expected.
	least = roundRate(float64(samples)*1.2/cfg.Duration.Seconds() + 0.5)
	if least > most {
		return 0, 0, 0, &ConfigError{"find-max", fmt.Sprintf("in %v at %s there are fewer than the %s samples that %s needs: set a longer --duration or a higher --find-max",
			cfg.Duration, unit.Rate(most), unit.Count(samples), s.Objective.Figure)}
	}
	return min(most, max(firstRate, least)), least, most, nil
}

// Validate returns a *ConfigError for what is wrong with a search by runs that are
// configured so.
func (s Search) Validate(cfg Config) error {
	switch {
	case !s.Objective.IsTime() || s.Objective.Above:
		return &ConfigError{"find-rate", fmt.Sprintf("%s is no highest delay, such as response.p99<1ms", s.Objective)}
	case cfg.open():
		return &ConfigError{"find-rate", "sets the rate: leave --rate and --stages out"}
	case cfg.Messages > 0 || cfg.Until != nil:
		return &ConfigError{"find-rate", "makes runs of --duration: leave --messages and --until out"}
	}
	first, _, _, err := s.rates(cfg)
	if err != nil {
		return err
	}
	cfg.Rate = first
	if err := cfg.Measures(s.Objective.Figure); err != nil {
		return &ConfigError{"find-rate", err.Error()}
	}
	return cfg.Validate()
}

// FindRate searches for the highest rate that holds an objective, by runs of
// cfg.Duration each, and returns the record of the last one at that rate, with the
// search in it. Errors are those of Run.
func FindRate(ctx context.Context, cfg Config, s Search) (*record.Run, error) {
	if err := s.Validate(cfg); err != nil {
		return nil, err
	}
	first, least, most, err := s.rates(cfg)
	if err != nil {
		return nil, err
	}
	look := newSearch(first, least, most)
	result := &record.Search{Objective: s.Objective.String(), Min: least, Max: most, Steps: []record.Step{}}
	var last *record.Run
	holding := map[float64]*record.Run{} // the last run at each rate that held
	beyond := reasons{"above this rate the load generator was the limit; the server's capacity is unknown"}
	for !look.done && err == nil && ctx.Err() == nil {
		cfg.Rate = look.rate
		var r *record.Run
		if r, err = Run(ctx, cfg); r == nil {
			break
		}
		if l := (*lack)(nil); errors.As(err, &l) && last != nil {
			// Runs before this one have used it up, such as ports. Nothing is to be had
			// from others, but what they have found holds.
			beyond, err, result.Limit = reasons{"the search could not go on, and what it found is not confirmed: " + l.reason}, nil, record.ByGenerator
			break
		}
		last = r
		if errors.As(err, new(unserved)) {
			err = nil // it is what a search is for
		}
		if err != nil || r.Interrupted {
			break
		}
		o, step := s.judge(r, look.purpose)
		if o == limited {
			beyond = append(beyond[:1], shortages(r.Totals)...)
		}
		result.Steps = append(result.Steps, step)
		if look.note(o); o == held {
			holding[r.Config.Rate] = r
		}
		if s.Step != nil {
			s.Step(step)
		}
	}
	if last == nil {
		return nil, err
	}
	result.Rate, result.Limit = look.best(), cmp.Or(result.Limit, look.limitName())
	best := cmp.Or(holding[result.Rate], last)
	best.Interrupted = ctx.Err() != nil
	conclude(best, result, beyond)
	return best, err
}

// judge says what a run means for its rate. That the objective held is sure even if
// the load generator was slow: what it added is in the figure.
func (s Search) judge(r *record.Run, purpose string) (outcome, record.Step) {
	figure, err := s.Objective.Range(r)
	step := record.Step{
		Rate: r.Config.Rate, Achieved: r.Totals.Rate, Purpose: purpose, Figure: max(0, figure.Low), FigureAtLeast: figure.Doubt != "",
		Validity: r.Validity, Percentiles: map[string]map[string]int64{}, AtLeast: map[string][]string{},
	}
	for _, name := range []string{record.Response, record.RTT, record.OwnLag} {
		m := r.Metrics[name]
		if step.Percentiles[name] = m.Percentiles; len(m.AtLeast) > 0 {
			step.AtLeast[name] = m.AtLeast
		}
	}
	short := len(shortages(r.Totals)) > 0
	behind := backlog(r.Totals, r.Config.Clients) != ""
	switch {
	case behind && !short: // else nobody knows whether the server would have kept up
		step.Failure = record.Behind
	case err == nil && !s.Objective.Holds(figure.Low):
		step.Failure = record.Missed
	case behind || err != nil || !s.Objective.Holds(figure.High) || r.Validity.Verdict == record.Invalid:
		step.Failure = record.Untrusted
	}
	step.Held = step.Failure == ""
	step.Limited = !step.Held && (step.Failure == record.Behind && isOwn(r.Totals) || step.Failure != record.Behind && r.Validity.Limited)
	switch {
	case step.Held:
		return held, step
	case step.Limited:
		return limited, step
	}
	return failed, step
}

// conclude puts a search into the record of the run that stands for it. Its verdict
// is then on the rate that was found. If the load generator was the limit, beyond says
// what that means.
func conclude(r *record.Run, s *record.Search, beyond reasons) {
	r.Search = s
	for _, reason := range r.Validity.Reasons {
		r.Warnings = append(r.Warnings, "of the run that this report is of: "+reason)
	}
	v := record.Validity{Verdict: record.Valid, Reasons: []string{}}
	switch {
	case s.Limit == record.ByEnd:
		v.Verdict = record.Invalid
		v.Reasons = append(v.Reasons, "the search was ended before it was done")
	case s.Rate == 0 && s.Limit == record.ByServer:
		v.Verdict = record.Invalid
		v.Reasons = append(v.Reasons, fmt.Sprintf("at rates below %s runs of %v have too few samples: set a longer --duration to search there",
			unit.Rate(s.Min), time.Duration(r.Config.Duration)))
	case s.Limit == record.ByGenerator:
		v.Verdict = record.GeneratorLimited
		v.Reasons = append(v.Reasons, beyond...)
	}
	r.Validity = v
}
