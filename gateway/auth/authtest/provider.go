// Package authtest has an identity provider for tests: a server with a key set, and
// tokens that its key has signed.
package authtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/auth"
)

// Issuer and Audience are those of all tokens that do not say otherwise.
const (
	Issuer   = "https://id.example.com"
	Audience = "gateway"
)

// Provider is an identity provider that runs for a test.
type Provider struct {
	URL     string
	Fetches atomic.Int64 // of its key set
	Down    atomic.Bool  // answer 503

	key ed25519.PrivateKey
}

// New starts a provider until the end of the test.
func New(t testing.TB) *Provider {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{key: key}
	set := map[string]any{"keys": []any{map[string]string{
		"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": base64.RawURLEncoding.EncodeToString(public),
	}}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.Fetches.Add(1)
		if p.Down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(set)
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Config returns the settings of an authenticator that accepts the provider's tokens.
func (p *Provider) Config() auth.Config {
	return auth.Config{
		JWKS: p.URL, Issuers: []string{Issuer}, Audiences: []string{Audience},
		Algorithms: []string{"EdDSA"}, ScopeClaim: "scope", Leeway: 30 * time.Second,
	}
}

// Authenticator returns an authenticator with such settings, changed by change, which may
// be nil.
func (p *Provider) Authenticator(t testing.TB, change func(*auth.Config)) *auth.Authenticator {
	t.Helper()
	cfg := p.Config()
	if change != nil {
		change(&cfg)
	}
	a, err := auth.New(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// Token returns a token of a subject, which is accepted unless claims say otherwise: they
// replace the usual ones, and nil removes one.
func (p *Provider) Token(t testing.TB, subject string, claims map[string]any) string {
	t.Helper()
	return p.TokenOf(t, "k1", subject, claims)
}

// TokenOf is Token with a key id, which may be one that the provider does not have.
func (p *Provider) TokenOf(t testing.TB, kid, subject string, claims map[string]any) string {
	t.Helper()
	all := jwt.MapClaims{"iss": Issuer, "aud": Audience, "sub": subject, "exp": time.Now().Add(time.Hour).Unix(), "jti": rand.Text()}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, all)
	token.Header["kid"] = kid
	text, err := token.SignedString(p.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
