package httpserver_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/httpserver"
	"tributary/internal/testkit"
	"tributary/internal/testkit/certtest"
)

// files are those of a certificate, in a directory behind a symbolic link, as Kubernetes
// mounts secrets.
func files(t *testing.T, a *certtest.Authority) (cfg httpserver.TLSConfig, dir string) {
	t.Helper()
	dir = t.TempDir()
	swap(t, dir, "1", func(to string) { a.Write(t, filepath.Join(to, "tls.crt"), filepath.Join(to, "tls.key")) })
	return httpserver.TLSConfig{Cert: filepath.Join(dir, "..data", "tls.crt"), Key: filepath.Join(dir, "..data", "tls.key")}, dir
}

// swap fills a new directory, and lets the link lead there.
func swap(t *testing.T, dir, name string, fill func(dir string)) {
	t.Helper()
	to := filepath.Join(dir, name)
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	fill(to)
	if err := os.Symlink(name, filepath.Join(dir, "..tmp")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
}

func certificates(t *testing.T, cfg httpserver.TLSConfig, log *slog.Logger) *httpserver.Certificates {
	t.Helper()
	c, err := httpserver.NewCertificates(cfg, log, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serial asks for / over a new connection, and returns the number of the server's certificate
// and the protocol.
func serial(r *running, cfg *tls.Config, http2 bool) (int64, string, error) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: cfg, ForceAttemptHTTP2: http2}, Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	resp, err := client.Get(strings.Replace(r.url, "http:", "https:", 1))
	if err != nil {
		return 0, "", err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.TLS.PeerCertificates[0].SerialNumber.Int64(), resp.Proto, nil
}

// lines is a log for concurrent use.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestServe_TLS(t *testing.T) {
	a := certtest.New(t)
	cfg, _ := files(t, a)
	r := start(t, &httpserver.Server{Certificates: certificates(t, cfg, slog.New(slog.DiscardHandler)), Handler: http.HandlerFunc(httpserver.Live)})
	for http2, want := range map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"} {
		if _, proto, err := serial(r, a.Client(t, false), http2); err != nil || proto != want {
			t.Errorf("%s, want %s: %v", proto, want, err)
		}
	}
	old := a.Client(t, false)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if _, _, err := serial(r, old, false); err == nil {
		t.Error("TLS 1.1 is accepted")
	}
	if resp, err := get(r.url); err == nil && resp.StatusCode == http.StatusOK {
		t.Error("HTTP without TLS is answered")
	}
}

func TestServe_ClientCertificates(t *testing.T) {
	a, stranger := certtest.New(t), certtest.New(t)
	cfg, dir := files(t, a)
	cfg.ClientCA = filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(cfg.ClientCA, a.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, &httpserver.Server{Certificates: certificates(t, cfg, slog.New(slog.DiscardHandler)), Handler: http.HandlerFunc(httpserver.Live)})
	if _, _, err := serial(r, a.Client(t, true), true); err != nil {
		t.Error(err)
	}
	foreign := a.Client(t, false)
	foreign.Certificates = stranger.Client(t, true).Certificates
	for name, cfg := range map[string]*tls.Config{"none": a.Client(t, false), "of another authority": foreign} {
		for _, http2 := range []bool{true, false} {
			if _, _, err := serial(r, cfg, http2); err == nil {
				t.Errorf("certificate of the client, %s: accepted", name)
			}
		}
	}
}

// TestServe_CertificatesChange replaces the files by better and by worse ones, with a client
// that stays connected.
func TestServe_CertificatesChange(t *testing.T) {
	t.Parallel()
	a := certtest.New(t)
	cfg, dir := files(t, a)
	log := &lines{}
	c := certificates(t, cfg, slog.New(slog.NewJSONHandler(log, nil)))
	ctx, stop := context.WithCancel(context.Background())
	watched := make(chan struct{})
	go func() { defer close(watched); c.Watch(ctx) }()
	t.Cleanup(func() { stop(); <-watched })
	r := start(t, &httpserver.Server{Certificates: c, Handler: http.HandlerFunc(httpserver.Live)})
	before, _, err := serial(r, a.Client(t, false), true)
	if err != nil {
		t.Fatal(err)
	}
	stays := &http.Client{Transport: &http.Transport{TLSClientConfig: a.Client(t, false), ForceAttemptHTTP2: true}}
	defer stays.CloseIdleConnections()
	staying := func() int64 {
		resp, err := stays.Get(strings.Replace(r.url, "http:", "https:", 1))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	staying()

	swap(t, dir, "2", func(to string) { a.Write(t, filepath.Join(to, "tls.crt"), filepath.Join(to, "tls.key")) })
	testkit.WaitFor(t, "the new certificate", func() bool {
		now, _, err := serial(r, a.Client(t, false), true)
		return err == nil && now > before
	})
	if n := staying(); n != before {
		t.Errorf("the open connection was cut: certificate %d, want %d", n, before)
	}

	good, _, _ := serial(r, a.Client(t, false), true)
	swap(t, dir, "3", func(to string) { // the key of another certificate
		a.Write(t, filepath.Join(to, "tls.crt"), filepath.Join(to, "other.key"))
		a.Write(t, filepath.Join(to, "other.crt"), filepath.Join(to, "tls.key"))
	})
	testkit.WaitFor(t, "the refusal", func() bool { return strings.Contains(log.String(), "certificate not reloaded") })
	if now, _, err := serial(r, a.Client(t, false), true); err != nil || now != good {
		t.Errorf("certificate %d, want %d: %v", now, good, err)
	}
}

func TestNewCertificates_Unusable(t *testing.T) {
	a := certtest.New(t)
	good, dir := files(t, a)
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]httpserver.TLSConfig{
		"tls-cert":      {Cert: filepath.Join(dir, "missing"), Key: good.Key},
		"tls-key":       {Cert: good.Cert, Key: empty},
		"tls-client-ca": {Cert: good.Cert, Key: good.Key, ClientCA: empty},
	} {
		if _, err := httpserver.NewCertificates(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, cfg := range map[string]httpserver.TLSConfig{
		"tls-key needs tls-cert": {Key: good.Key}, "tls-cert needs tls-key": {Cert: good.Cert}, "tls-client-ca needs tls-cert and tls-key": {ClientCA: empty},
	} {
		if err := cfg.Validate(); err == nil || err.Error() != name {
			t.Errorf("%v, want %s", err, name)
		}
	}
}
