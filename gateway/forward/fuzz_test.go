package forward_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"tributary/gateway/forward"
)

// A name that is let through can stand in a request to a service.
func FuzzForwardHeaders(f *testing.F) {
	for _, s := range []string{"traceparent,X-Request-Id", "Authorization", "Host", "te", "a b", "X-Name:", "", "ümlaut", "x\r\ny"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		names := strings.Split(list, ",")
		if (forward.Config{Headers: names}).Validate() != nil {
			return
		}
		r, err := http.NewRequest(http.MethodGet, "http://service.example.com/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			r.Header.Set(name, "value")
		}
		if err := r.Write(io.Discard); err != nil {
			t.Errorf("%q: %v", names, err)
		}
		for _, name := range names {
			switch http.CanonicalHeaderKey(name) {
			case "Host", "Content-Length", "Connection", "Transfer-Encoding":
				t.Errorf("%s is let through", name)
			}
		}
	})
}
