package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
)

// A connection is how a service is reached, as its settings say.
type connection struct {
	header http.Header // of all requests
	tls    *tls.Config // nil for the defaults of net/http
	proxy  func(*http.Request) (*url.URL, error)
}

// noProxy is the value of the setting for a direct connection.
const noProxy = "none"

// connect reads the settings of a service that concern its connections. Its errors begin
// with the name of the setting.
func (c ServiceConfig) connect(service string) (connection, error) {
	to := connection{proxy: http.ProxyFromEnvironment}
	var err error
	if to.header, err = c.header(); err != nil {
		return to, fmt.Errorf("%s-headers %w", service, err)
	}
	if c.CA != "" || c.Cert != "" || c.Key != "" {
		to.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if c.CA != "" {
		if to.tls.RootCAs, err = authorities(c.CA); err != nil {
			return to, fmt.Errorf("%s-ca: %w", service, err)
		}
	}
	switch {
	case c.Cert != "" && c.Key == "":
		return to, fmt.Errorf("%[1]s-cert needs %[1]s-key", service)
	case c.Cert == "" && c.Key != "":
		return to, fmt.Errorf("%[1]s-key needs %[1]s-cert", service)
	case c.Cert != "":
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return to, fmt.Errorf("%[1]s-cert and %[1]s-key: %[2]w", service, err)
		}
		to.tls.Certificates = []tls.Certificate{pair}
	}
	switch c.Proxy {
	case "":
	case noProxy:
		to.proxy = nil
	default:
		proxy, err := parseProxy(c.Proxy)
		if err != nil {
			return to, fmt.Errorf("%s-proxy %w", service, err)
		}
		to.proxy = http.ProxyURL(proxy)
	}
	return to, nil
}

func authorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file) //nolint:gosec // G304: a setting
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate in PEM format", file)
	}
	return pool, nil
}

// parseProxy parses the URL of a proxy. Its errors do not contain the URL, which may have
// a password.
func parseProxy(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
		return nil, errors.New("must be none, or a URL with http://, https:// or socks5:// and a host")
	}
	return u, nil
}
