package browser_test

import (
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
)

// proxy is a proxy between browser and gateway. Pages pass. Other requests fail in the mode
// "html" (502 with an HTML body), "gone" (the connection is closed) or "slow" (no response until
// the client disconnects).
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
