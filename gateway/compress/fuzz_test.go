package compress_test

import (
	"net/http"
	"strings"
	"testing"

	"tributary/gateway/compress"
)

// Whatever a client says, it is given a coding that it named, or none.
func FuzzAcceptEncoding(f *testing.F) {
	for _, s := range []string{"", "gzip", "zstd;q=0.5, gzip;q=0.2", "*", "*;q=0", "gzip;q=nan", "identity;q=0", ";;,=,", "gzip;q=1;q=0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		got := compress.Negotiate(http.Header{"Accept-Encoding": {accept}})
		if got != compress.Identity && !strings.Contains(strings.ToLower(accept), string(got)) && !strings.Contains(accept, "*") {
			t.Errorf("%q is answered in %s", accept, got)
		}
	})
}
