package restservice

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
)

type router interface {
	http.Handler
	Method(method, pattern string, h http.Handler)
}

// mount registers huma's operations with the router. From the outside in:
//
//	JSON body → claim of the Idempotency-Key → around → record of the answer → huma
type mount struct {
	router
	keys       *idempotency
	middleware func(route string, next http.Handler) http.Handler
}

// Handle adds a route to the router.
func (m mount) Handle(op *huma.Operation, answer func(huma.Context)) {
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(statusContext{humachi.NewContext(op, r, w)})
	})
	if ignored, isWrite := op.Metadata[ignoredMembers].([]string); isWrite {
		h = m.keys.claim(ignored, m.middleware(routeOf(op), m.keys.remember(h)))
	} else {
		h = m.middleware(routeOf(op), h)
	}
	if op.RequestBody != nil {
		h = jsonBody(h)
	}
	m.Method(op.Method, op.Path, h)
	if parent, ok := strings.CutSuffix(op.Path, "{id}"); ok {
		m.Method(op.Method, parent, h) // an empty id is a bad one, not a wrong address
	}
}

func passThrough(_ string, next http.Handler) http.Handler { return next }

// discardAdapter registers nothing: for operations that are documented but disabled.
type discardAdapter struct{ http.Handler }

// Handle adds nothing.
func (discardAdapter) Handle(*huma.Operation, func(huma.Context)) {}

// routeOf returns the route of an operation as in fault rules: GET /users/{id}.
func routeOf(op *huma.Operation) string { return op.Method + " " + op.Path }
