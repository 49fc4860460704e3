package upstream_test

import (
	"testing"
	"time"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

// The overhead of the policies for a call that succeeds at once.
func BenchmarkCall(b *testing.B) {
	for name, cfg := range map[string]upstream.Config{"without policies": once, "with policies": sound()} {
		b.Run(name, func(b *testing.B) {
			cfg.Timeout, cfg.HedgeQuantile = 10*time.Second, 0 // hedges are off by default
			// The script records requests, so it is replaced from time to time.
			c := over(b, cfg, faultyupstream.Always(well))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%100 == 0 {
					c.up.SetScript(faultyupstream.Always(well))
				}
				if _, err := c.Get(b.Context(), "/things/{id}", "t1"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
