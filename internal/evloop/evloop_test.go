package evloop_test

import (
	"testing"

	"github.com/echostamp/echostamp/internal/evloop"
	"github.com/echostamp/echostamp/internal/evloop/evlooptest"
)

func TestPortable(t *testing.T) { evlooptest.Conformance(t, evloop.Portable) }
