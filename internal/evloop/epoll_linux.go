package evloop

import (
	"context"
	"net/netip"
	"sync"
)

const hasEpoll = true

// newEpoll returns a loop whose shards are threads, each with its own epoll,
// timers, buffers and listeners. Nothing is shared between them and nothing is
// allocated for a message.
func newEpoll(cfg Config) (Loop, error) {
	if err := checkPins(cfg.CPUs); err != nil {
		return nil, err
	}
	l := &epoll{cfg: cfg}
	for i := range cfg.Shards {
		s, err := newEpollShard(&l.cfg, i)
		if err != nil {
			l.close()
			return nil, err
		}
		l.shards = append(l.shards, s)
	}
	return l, nil
}

type epoll struct {
	cfg    Config
	shards []*epollShard

	mu      sync.Mutex
	running bool
}

func (l *epoll) Shards() []Shard {
	out := make([]Shard, len(l.shards))
	for i, s := range l.shards {
		out[i] = s
	}
	return out
}

// Listen gives every shard a listener of its own, between which the kernel
// divides the connections.
func (l *epoll) Listen(addr netip.AddrPort, accept func(Shard) Handler) (netip.AddrPort, error) {
	for i, s := range l.shards {
		bound, err := s.listen(addr, accept(s))
		made := l.shards[:i]
		if err == nil {
			made, err = l.shards[:i+1], room()
		}
		if err != nil {
			for _, done := range made {
				done.closeListener()
			}
			return netip.AddrPort{}, err
		}
		// The free port that the first one got is for all.
		addr = netip.AddrPortFrom(addr.Addr(), bound.Port())
	}
	return addr, nil
}

func (l *epoll) CloseListeners() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.shards {
		if l.running {
			s.Post(s.acceptLast)
		} else {
			s.closeListeners()
		}
	}
}

func (l *epoll) Run(ctx context.Context) error {
	l.mu.Lock()
	l.running = true
	l.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wg     sync.WaitGroup
		once   sync.Once
		failed error
	)
	for _, s := range l.shards {
		stop := context.AfterFunc(ctx, func() { s.Post(s.stop) })
		defer stop()
		wg.Go(func() {
			if err := s.run(); err != nil {
				once.Do(func() { failed = err })
				cancel()
			}
		})
	}
	wg.Wait()
	l.close()
	return failed
}

func (l *epoll) Close() {
	l.CloseListeners()
	l.close()
}

// close lets go of what the shards hold, once none of them runs.
func (l *epoll) close() {
	for _, s := range l.shards {
		s.close()
	}
}
