package rest_test

import (
	"net/http"
	"testing"

	"tributary/gateway/engine/limits"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// A profile is as long as its data. No limit of a document applies.
func TestProfile_TooLongIsAProblem(t *testing.T) {
	for name, set := range map[string]func(*limits.Config){
		"bytes":  func(l *limits.Config) { l.Response = 10_000 },
		"fields": func(l *limits.Config) { l.Fields = 500 },
	} {
		t.Run(name, func(t *testing.T) {
			with := graphtest.DefaultSetup()
			with.GraphQL.Limits = limits.Default()
			set(&with.GraphQL.Limits)
			data := upstreamtest.NewData(2, 100, 3, 10)
			data.Orders["u2"] = data.Orders["u2"][:1]
			g := serve(t, upstreamtest.New(t, data), with)
			g.get("/api/profile/u1").problem(t, http.StatusUnprocessableEntity, "QUERY_TOO_COMPLEX")
			g.get("/api/profile/u2").document(t)
		})
	}
}
