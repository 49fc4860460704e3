package upstream_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/upstream"
)

// files has the certificate of a TLS server and its key as PEM files.
type files struct{ cert, key, none, empty string }

func writeFiles(t *testing.T, pair tls.Certificate) files {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return files{
		cert:  write("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})),
		key:   write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
		none:  filepath.Join(dir, "none.pem"),
		empty: write("empty.pem", []byte("nothing")),
	}
}

func newServiceClient(t *testing.T, c upstream.ServiceConfig) *upstream.Client {
	t.Helper()
	client, err := c.NewClient("things", upstream.Config{Timeout: 10 * time.Second, BreakerRate: .5, BreakerCalls: 2, BreakerWindow: time.Minute, BreakerDelay: time.Minute},
		upstream.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestServiceConfig_TLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("c", len(r.TLS.PeerCertificates)))
	}))
	server.Config.ErrorLog = nil
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	f := writeFiles(t, server.TLS.Certificates[0])
	for name, tt := range map[string]struct {
		config upstream.ServiceConfig
		want   string
		fails  bool
	}{
		"authorities of the system":        {upstream.ServiceConfig{}, "", true},
		"its own authority":                {upstream.ServiceConfig{CA: f.cert}, "", false},
		"a client certificate":             {upstream.ServiceConfig{CA: f.cert, Cert: f.cert, Key: f.key}, "c", false},
		"a client certificate, no own one": {upstream.ServiceConfig{Cert: f.cert, Key: f.key}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			tt.config.URL = server.URL
			if err := tt.config.Check("things"); err != nil {
				t.Fatal(err)
			}
			got, err := newServiceClient(t, tt.config).Get(t.Context(), "/x")
			if string(got) != tt.want || (err != nil) != tt.fails {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestServiceConfig_Headers(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	t.Cleanup(server.Close)
	client := newServiceClient(t, upstream.ServiceConfig{URL: server.URL, Health: "/up", Headers: "Authorization: Bearer a:b \n\n x-tenant:one\nX-Tenant: two\r\nuser-agent: mine\n"})
	calls := map[string]func() error{
		"get":  func() error { _, err := client.Get(t.Context(), "/x"); return err },
		"post": func() error { _, err := client.Query(t.Context(), 1, "/x"); return err },
		"do": func() error {
			_, err := client.Do(t.Context(), upstream.Request{Method: "PATCH", Path: "/x"})
			return err
		},
		"ping": func() error { return client.Ping(t.Context()) },
	}
	for name, call := range calls {
		got = nil
		if err := call(); err != nil {
			t.Fatal(name, err)
		}
		if got.Get("Authorization") != "Bearer a:b" || strings.Join(got["X-Tenant"], ",") != "one,two" || got.Get("User-Agent") != "mine" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestServiceConfig_Proxy(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "direct") }))
	t.Cleanup(server.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "for "+r.URL.Host+" "+r.Header.Get("Proxy-Authorization"))
	}))
	t.Cleanup(proxy.Close)
	host, _ := url.Parse(server.URL)
	for setting, want := range map[string]string{
		"":        "direct",
		"none":    "direct",
		proxy.URL: "for " + host.Host + " ",
		strings.Replace(proxy.URL, "//", "//u:p@", 1): "for " + host.Host + " Basic dTpw",
	} {
		got, err := newServiceClient(t, upstream.ServiceConfig{URL: server.URL, Proxy: setting}).Get(t.Context(), "/x")
		if err != nil || string(got) != want {
			t.Errorf("%q: got %q (%v), want %q", setting, got, err, want)
		}
	}
}

func TestServiceConfig_Check(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	f := writeFiles(t, server.TLS.Certificates[0])
	const secret = "s3cret"
	for want, c := range map[string]upstream.ServiceConfig{
		"things-url must be a URL with":               {URL: "things:80"},
		"things-ca: open":                             {CA: f.none},
		"things-ca: " + f.empty + " has no":           {CA: f.empty},
		"things-cert needs things-key":                {Cert: f.cert},
		"things-key needs things-cert":                {Key: f.key},
		"things-cert and things-key: ":                {Cert: f.key, Key: f.cert},
		"things-proxy must be none":                   {Proxy: "ftp://u:" + secret + "@proxy.example.com"},
		"things-proxy must be none, or":               {Proxy: secret},
		"things-headers must have NAME: VALUE":        {Headers: "X-A: 1\n" + secret},
		"things-headers must have NAME: VALUE on":     {Headers: "X A: " + secret},
		"things-headers must not have Host, which":    {Headers: "host: " + secret},
		"things-headers must not have Content-Length": {Headers: "content-length: 7"},
		"things-headers must not have Idempotency":    {Headers: "idempotency-key: 7"},
		"things-headers must not have X-Idempotency":  {Headers: "x-idempotency-key: 7"},
		"things-headers must not have control":        {Headers: "X-A: " + secret + "\x00"},
	} {
		if c.URL == "" {
			c.URL = "http://localhost"
		}
		err := c.Check("things")
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// A service is judged by its health check, where it has one, and by its calls.
func TestPing_Judges(t *testing.T) {
	for name, tt := range map[string]struct {
		health       string
		healthStatus int
		up, down     bool // healthy while calls succeed, and after they have failed
	}{
		"a health check that succeeds": {"/up", 200, true, false},
		"a health check that fails":    {"/up", 503, false, false},
		"a health check with a path":   {"/a/b", 204, true, false},
		"none":                         {"", 200, true, false},
		"an unknown health check":      {"/up", 404, true, false},
		"one that is gone":             {"/up", 410, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			status := http.StatusOK
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/x" {
					w.WriteHeader(status)
					return
				}
				http.Error(w, "", tt.healthStatus)
				if tt.health == "" || r.URL.Path != tt.health {
					t.Errorf("it was asked for %s", r.URL.Path)
				}
			}))
			t.Cleanup(server.Close)
			client := newServiceClient(t, upstream.ServiceConfig{URL: server.URL, Health: tt.health})
			if err := client.Ping(t.Context()); (err == nil) != tt.up {
				t.Errorf("before calls: %v", err)
			}
			status = http.StatusServiceUnavailable
			for range 5 {
				_, _ = client.Get(t.Context(), "/x")
			}
			if err := client.Ping(t.Context()); (err == nil) != tt.down {
				t.Errorf("after calls that failed: %v", err)
			}
		})
	}
}
