package admission

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"
)

// smallBody is how many bytes a body may have that needs no room of its own.
const smallBody = 16 << 10

// Bodies bounds what the bodies of all requests under way take together to what
// cfg has room for, at least one of the longest. A body has its room until its
// request is answered; one of unknown length may be as long as longest. What
// there is no room for goes, unread, to refuse. Small bodies need no room: their
// connections bound them.
func Bodies(cfg Config, longest int, refuse http.Handler, reg prometheus.Registerer) func(http.Handler) http.Handler {
	shed := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "admission_bodies_shed_total",
		Help: "Requests that were refused unread because the bodies of others took all the room that there is.",
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
