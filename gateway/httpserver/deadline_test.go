package httpserver_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"tributary/gateway/httpserver"
)

// timeFor is how long a request with a header has where each has so long at most.
func timeFor(most time.Duration, header http.Header) time.Duration {
	var left time.Duration
	h := httpserver.Deadline(most)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		deadline, _ := r.Context().Deadline()
		left = time.Until(deadline)
	}))
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header = header
	h.ServeHTTP(httptest.NewRecorder(), r)
	return left
}

func TestDeadline_ClientTimeout(t *testing.T) {
	const most, slack = 5 * time.Minute, 10 * time.Second
	for _, tt := range []struct {
		name, value string
		want        time.Duration
	}{
		{"X-Request-Timeout", "60", time.Minute},
		{"X-Request-Timeout", "60.5", time.Minute},
		{"X-Request-Timeout", "60s", time.Minute},
		{"X-Request-Timeout", "60000ms", time.Minute},
		{"X-Request-Timeout", "1m", time.Minute},
		{"Prefer", "wait=60", time.Minute},
		{"Prefer", `respond-async, WAIT = "60"; strict`, time.Minute},
		{"Prefer", "wait=120, wait=60", time.Minute},
		// More than there is, and what means nothing, changes nothing.
		{"X-Request-Timeout", "3600", most},
		{"X-Request-Timeout", "9999999999999h", most},
		{"X-Request-Timeout", "soon", most},
		{"X-Request-Timeout", "0", most},
		{"X-Request-Timeout", "-60", most},
		{"X-Request-Timeout", "", most},
		{"Prefer", "wait=3600", most},
		{"Prefer", "wait=99999999999999999999", most},
		{"Prefer", "wait=0", most},
		{"Prefer", "wait=1m", most},
		{"Prefer", "wait", most},
		{"Prefer", "await=60", most},
		{"X-Nothing", "60", most},
	} {
		got := timeFor(most, http.Header{tt.name: {tt.value}})
		if got > tt.want+time.Second || got < tt.want-slack {
			t.Errorf("%s: %s gives %v, want %v", tt.name, tt.value, got, tt.want)
		}
	}
	both := http.Header{"X-Request-Timeout": {"120"}, "Prefer": {"respond-async", "wait=60"}}
	if got := timeFor(most, both); got > time.Minute {
		t.Errorf("of two the longer counts: %v", got)
	}
}

func FuzzRequestTimeout(f *testing.F) {
	for _, s := range []string{"1", "0.5", "800ms", "-1", "1e9", "9999999h", "wait=5", `wait="5"; a=b, wait=1`} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, timeout, prefer string) {
		got := timeFor(time.Minute, http.Header{"X-Request-Timeout": {timeout}, "Prefer": {prefer}})
		if got > time.Minute {
			t.Errorf("X-Request-Timeout %q and Prefer %q give %v", timeout, prefer, got)
		}
	})
}
