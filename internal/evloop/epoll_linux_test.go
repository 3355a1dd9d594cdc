package evloop_test

import (
	"testing"

	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/evloop/evlooptest"
)

func TestEpoll(t *testing.T) { evlooptest.Conformance(t, evloop.Epoll) }
