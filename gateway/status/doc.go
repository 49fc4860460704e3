// Package status tells how a gateway is doing now and how it did over the last
// minutes, for the status page. It reads the same metrics as Prometheus does,
// so that the two cannot disagree.
//
//	h := status.New(registry, checker, status.Options{Endpoints: []string{"/graphql"}})
//	go h.Run(ctx)
//	router.Method(http.MethodGet, "/status.json", h)
package status
