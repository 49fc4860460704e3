package browser_test

import (
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
)

// proxy is what stands between a browser and a gateway. Pages pass; what they ask does not
// while it does something else: "html" (502 with a page of its own), "gone" (no answer),
// "slow" (no answer until the client leaves).
type proxy struct {
	to   string
	does atomic.Value
}

// ServeHTTP implements [http.Handler].
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	does, _ := p.does.Load().(string)
	if r.URL.Path != "/graphql" && r.URL.Path != "/status.json" {
		does = ""
	}
	switch does {
	case "html":
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<!doctype html><h1>Bad Gateway</h1>"))
	case "gone":
		panic(http.ErrAbortHandler)
	case "slow":
		_, _ = io.Copy(io.Discard, r.Body) // only then is it seen that the client leaves
		<-r.Context().Done()
	default:
		to, err := url.Parse(p.to)
		if err != nil {
			panic(err)
		}
		(&httputil.ReverseProxy{Rewrite: func(pr *httputil.ProxyRequest) { pr.SetURL(to); pr.Out.Host = pr.In.Host }}).ServeHTTP(w, r)
	}
}
