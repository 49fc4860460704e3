package engine_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/engine"
	"tributary/gateway/engine/httptransport"
	"tributary/gateway/lookahead"
)

func Example() {
	schema := newSchema() // as a rule it is generated
	plan, err := lookahead.New(schema.Schema(), lookahead.Joins{})
	if err != nil {
		fmt.Println(err)
		return
	}
	e := engine.New(engine.Config{}, engine.Deps{Schema: schema, Plan: plan, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})

	// Operations of one's own need no HTTP.
	result := e.Execute(context.Background(), engine.Request{
		Query:     `query Hello($name: String!) { hello(name: $name) }`,
		Variables: map[string]any{"name": "Anna"},
	})
	fmt.Printf("%s, %d errors\n", result.Data, len(result.Errors))

	// For those of clients there is a handler.
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":"{ hello fails(kind: \"timeout\") }"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json")
	w := httptest.NewRecorder()
	httptransport.New(e, nil).ServeHTTP(w, r)
	answer, _ := io.ReadAll(w.Result().Body)
	fmt.Printf("%d %s", w.Code, answer)

	// Output:
	// {"hello":"hello Anna"}, 0 errors
	// 294 {"errors":[{"message":"the drafts service did not answer in time","path":["fails"],"extensions":{"code":"UPSTREAM_TIMEOUT","service":"drafts"}}],"data":{"hello":"hello you","fails":null},"extensions":{"degraded":[{"service":"drafts","reason":"timeout"}]}}
}
