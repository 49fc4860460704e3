package app

import (
	"net/http"
	"net/url"

	"tributary/gateway/internal/qvalue"
)

// graphqlPath is the path of the GraphQL endpoint.
const graphqlPath = "/graphql"

// visitToPlayground redirects a browser that opens the GraphQL endpoint to the
// playground. All other requests pass.
func visitToPlayground(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isVisit(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Add("Vary", "Accept")
		http.Redirect(w, r, "/playground", http.StatusSeeOther)
	})
}

// isVisit tells whether r asks the endpoint for a page and for no operation.
func isVisit(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || r.URL.Path != graphqlPath || !acceptsPage(r.Header) {
		return false
	}
	asked, err := url.ParseQuery(r.URL.RawQuery)
	return err == nil && !asked.Has("query") && !asked.Has("documentId") && !asked.Has("extensions")
}

// acceptsPage tells whether an Accept header names text/html. A range such as */* does not:
// programs send it.
func acceptsPage(h http.Header) bool {
	for accepted := range qvalue.Ranges(h["Accept"]) {
		if accepted.Name == "text/html" && accepted.Weight > 0 {
			return true
		}
	}
	return false
}
