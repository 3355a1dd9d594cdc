//go:build !linux

package evloop

const hasEpoll = false

func newEpoll(Config) (Loop, error) { return nil, ErrNoEpoll }
