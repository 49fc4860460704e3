package httpserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/internal/filewatch"
)

// TLSConfig has the settings of TLS on the clients' listener. The zero value is without TLS.
type TLSConfig struct {
	Cert     string `name:"tls-cert" placeholder:"FILE" help:"Serve clients by TLS, with the certificate in this file and those that it was issued by, in PEM. The files are read again when they change."`
	Key      string `name:"tls-key" placeholder:"FILE" help:"Private key of tls-cert, in PEM."`
	ClientCA string `name:"tls-client-ca" placeholder:"FILE" help:"Certificates, in PEM, one of which must have issued that of a client. Empty: clients need none."`
}

// Validate reports the first setting that cannot be used.
func (c TLSConfig) Validate() error {
	switch {
	case c.Cert == "" && c.Key != "":
		return errors.New("tls-key needs tls-cert")
	case c.Cert != "" && c.Key == "":
		return errors.New("tls-cert needs tls-key")
	case c.Cert == "" && c.ClientCA != "":
		return errors.New("tls-client-ca needs tls-cert and tls-key")
	}
	return nil
}

func (c TLSConfig) files() []string { return []string{c.Cert, c.Key, c.ClientCA} }

// load reads the files.
func (c TLSConfig) load() (*tls.Config, error) {
	certificate, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, fmt.Errorf("tls-cert and tls-key: %w", err)
	}
	cfg := &tls.Config{
		Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}
	if c.ClientCA == "" {
		return cfg, nil
	}
	text, err := os.ReadFile(c.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("tls-client-ca: %w", err)
	}
	cfg.ClientCAs, cfg.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !cfg.ClientCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("tls-client-ca: %s has no certificate in PEM", c.ClientCA)
	}
	return cfg, nil
}

// Certificates are the certificate of a server, and those that its clients' must be issued
// by, as the files last had them. A change concerns new connections. It is safe for concurrent
// use; nil means no TLS.
type Certificates struct {
	files   TLSConfig
	watcher *filewatch.Watcher
	current atomic.Pointer[tls.Config]
	log     *slog.Logger
	reloads *prometheus.CounterVec // by outcome
}

// NewCertificates reads the files of cfg. It returns nil if cfg is without TLS.
func NewCertificates(cfg TLSConfig, log *slog.Logger, reg prometheus.Registerer) (*Certificates, error) {
	if cfg.Cert == "" {
		return nil, nil //nolint:nilnil // there are none
	}
	c := &Certificates{files: cfg, watcher: filewatch.New(cfg.files), log: log, reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tls_certificate_reloads_total", Help: "Reloads of the TLS files, by outcome: reloaded or refused (invalid).",
	}, []string{"outcome"})}
	now, err := cfg.load()
	if err != nil {
		return nil, err
	}
	c.current.Store(now)
	c.reloads.WithLabelValues("reloaded")
	c.reloads.WithLabelValues("refused")
	reg.MustRegister(c.reloads, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tls_certificate_expiry_timestamp_seconds", Help: "When the certificate of the clients' listener expires, in Unix time.",
	}, func() float64 { return float64(c.expiry().Unix()) }))
	return c, nil
}

// Watch reads the files again when they change, until ctx ends. If they cannot be used, those
// before stay.
func (c *Certificates) Watch(ctx context.Context) {
	if c == nil {
		return
	}
	c.watcher.Run(ctx, func() {
		now, err := c.files.load()
		if err != nil {
			c.reloads.WithLabelValues("refused").Inc()
			c.log.Error("certificate not reloaded: the previous one stays in use", "error", err.Error(), "expires", c.expiry())
			return
		}
		c.current.Store(now)
		c.reloads.WithLabelValues("reloaded").Inc()
		c.log.Info("certificate reloaded", "expires", c.expiry())
	})
}

// expiry returns when the certificate expires.
func (c *Certificates) expiry() time.Time { return c.current.Load().Certificates[0].Leaf.NotAfter }

// config returns the configuration for a listener, which takes that of each connection from c.
func (c *Certificates) config() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         c.current.Load().NextProtos,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.current.Load(), nil },
	}
}
