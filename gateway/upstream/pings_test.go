package upstream

import (
	"testing"
	"time"
)

func TestPings_HaveLowerLimits(t *testing.T) {
	for attempt, want := range map[time.Duration][2]time.Duration{
		10 * time.Millisecond: {time.Second, 500 * time.Millisecond},
		2 * time.Second:       {time.Second, 500 * time.Millisecond},
		10 * time.Second:      {5 * time.Second, 2500 * time.Millisecond},
	} {
		p := newPool(Config{Timeout: attempt}, connection{})
		if got := p.current.Load().HTTP2; got.SendPingTimeout != want[0] || got.PingTimeout != want[1] {
			t.Errorf("%v: %+v", attempt, got)
		}
		p.close()
	}
}
