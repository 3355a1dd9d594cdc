package clock

// A Sample is what one reply says of the offset θ = server clock − client clock. The
// server read Stamp off its clock at some time between Sent and Arrived, so θ was not
// above Upper at Sent, and not below Lower at Arrived. That holds however fast the
// server's clock runs, as long as it is not put back meanwhile; at any other time, that
// of reading for one, the limits are wrong by what the clocks drift until then.
type Sample struct {
	// Sent and Arrived are when the message left and its reply reached this host, on
	// the client's line. Read is when the program had the reply. All are nanoseconds.
	Sent, Arrived, Read int64
	Stamp               int64  // the server's timestamp, Unix nanoseconds
	Client              uint32 // who asked; one connection after another, each to one server
	// Counted is whether it belongs to what is measured. Others help to find the
	// offset, as those of a warm-up do.
	Counted bool
}

// Upper is what θ was not above at Sent.
func (s *Sample) Upper() int64 { return s.Stamp - s.Sent }

// Lower is what θ was not below at Arrived.
func (s *Sample) Lower() int64 { return s.Stamp - s.Arrived }

// A frame is what times and offsets are counted from where they are floats, so that
// these are exact to far less than a nanosecond.
type frame struct{ time, offset int64 }

func (f frame) at(time int64) float64 { return float64(time - f.time) }

// mirrored is for offsets that are.
func (f frame) mirrored() frame { return frame{f.time, -f.offset} }

// upper and lower are the limits of a sample, each at its time; the lower one is
// mirrored, as a corridor has it.
func (f frame) upper(s *Sample) point { return point{f.at(s.Sent), float64(s.Upper() - f.offset)} }
func (f frame) lower(s *Sample) point { return point{f.at(s.Arrived), float64(f.offset - s.Lower())} }
