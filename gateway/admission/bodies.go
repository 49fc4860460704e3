package admission

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"
)

// smallBody is the size in bytes up to which bodies do not count.
const smallBody = 16 << 10

// Bodies is middleware that bounds the total size of the request bodies in
// flight to cfg.BodiesMB, or to longest bytes if that is more. A body counts,
// with its Content-Length or else with longest, until its request is answered.
// Requests that do not fit go to refuse with their body unread. Bodies of up to
// 16 KiB do not count: the number of connections bounds them.
func Bodies(cfg Config, longest int, refuse http.Handler, reg prometheus.Registerer) func(http.Handler) http.Handler {
	shed := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "admission_bodies_shed_total",
		Help: "Requests rejected unread because the bodies in flight had reached their limit.",
	})
	reg.MustRegister(shed)
	room := semaphore.NewWeighted(int64(max(cfg.BodiesMB<<20, longest)))
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			size := r.ContentLength
			if size < 0 || size > int64(longest) { // what is too long is read as far as it may be
				size = int64(longest)
			}
			if size > smallBody {
				if !room.TryAcquire(size) {
					shed.Inc()
					refuse.ServeHTTP(w, r)
					return
				}
				defer room.Release(size)
			}
			next.ServeHTTP(w, r)
		})
	}
}
