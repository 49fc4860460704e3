// Package status serves the data of the status page: the state of a gateway now and
// over the last minutes. It samples the metrics that Prometheus scrapes, so that the
// two cannot disagree.
//
//	h := status.New(registry, checker, status.Options{Endpoints: []string{"/graphql"}})
//	go h.Run(ctx)
//	router.Method(http.MethodGet, "/status.json", h)
package status
