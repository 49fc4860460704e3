package httpserver_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tributary/gateway/httpserver"
)

func TestClientAddrs_Of(t *testing.T) {
	c, err := httpserver.NewClientAddrs([]string{"10.0.0.0/8", "192.0.2.7", "fd00::/8", "::1"})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"no proxy":                    {"198.51.100.1:4711", nil, "198.51.100.1/32"},
		"a forged header":             {"198.51.100.1:4711", []string{"203.0.113.9"}, "198.51.100.1/32"},
		"a proxy":                     {"10.1.2.3:80", []string{"203.0.113.9"}, "203.0.113.9/32"},
		"a proxy without the header":  {"10.1.2.3:80", nil, "10.1.2.3/32"},
		"what the client forged":      {"10.1.2.3:80", []string{"1.1.1.1, 203.0.113.9"}, "203.0.113.9/32"},
		"two proxies":                 {"10.1.2.3:80", []string{"1.1.1.1,203.0.113.9 , 192.0.2.7"}, "203.0.113.9/32"},
		"two fields":                  {"10.1.2.3:80", []string{"203.0.113.9", "192.0.2.7"}, "203.0.113.9/32"},
		"proxies alone":               {"10.1.2.3:80", []string{"10.9.9.9, 192.0.2.7"}, "10.9.9.9/32"},
		"no address":                  {"10.1.2.3:80", []string{"203.0.113.9, unknown"}, "10.1.2.3/32"},
		"no address behind a proxy":   {"10.1.2.3:80", []string{"x, 192.0.2.7"}, "192.0.2.7/32"},
		"empty":                       {"10.1.2.3:80", []string{""}, "10.1.2.3/32"},
		"a comma":                     {"10.1.2.3:80", []string{","}, "10.1.2.3/32"},
		"with a port":                 {"10.1.2.3:80", []string{"203.0.113.9:4711"}, "203.0.113.9/32"},
		"IPv6":                        {"[2001:db8:1:2:3:4:5:6]:80", nil, "2001:db8:1:2::/64"},
		"IPv6 of the same network":    {"[2001:db8:1:2:ffff::1]:80", nil, "2001:db8:1:2::/64"},
		"IPv6 behind a proxy":         {"[::1]:80", []string{"2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::/64"},
		"IPv6 with a port":            {"[fd00::1]:80", []string{"[2001:db8:1:2::1]:4711"}, "2001:db8:1:2::/64"},
		"IPv6 in brackets":            {"[fd00::1]:80", []string{"[2001:db8:1:2::1]"}, "2001:db8:1:2::/64"},
		"IPv4 in IPv6":                {"[::ffff:198.51.100.1]:80", nil, "198.51.100.1/32"},
		"a proxy's IPv4 in IPv6":      {"[::ffff:10.0.0.1]:80", []string{"::ffff:203.0.113.9"}, "203.0.113.9/32"},
		"a zone":                      {"[fe80::1%eth0]:80", nil, "fe80::/64"},
		"no address of a connection":  {"@", []string{"203.0.113.9"}, "invalid Prefix"},
		"a header of 10,000 proxies":  {"10.1.2.3:80", []string{"203.0.113.9" + strings.Repeat(", 10.0.0.1", 10_000)}, "203.0.113.9/32"},
		"a header of 10,000 nonsense": {"10.1.2.3:80", []string{strings.Repeat("x,", 10_000)}, "10.1.2.3/32"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = tt.remote
		r.Header["X-Forwarded-For"] = tt.forwarded
		if got := c.Of(r).String(); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestClientAddrs_Refused(t *testing.T) {
	for _, text := range []string{"", "x", "10.0.0.0/33", "10.0.0", "localhost", "fe80::1%eth0", "::ffff:10.0.0.0/100", "10.0.0.1:80"} {
		if _, err := httpserver.NewClientAddrs([]string{text}); err == nil || !strings.Contains(err.Error(), "trusted-proxies") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
