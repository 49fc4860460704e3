package devtoken

import (
	"crypto/rand"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"tributary/gateway/auth"
)

// Issuer and Audience are those of all tokens.
const (
	Issuer   = "urn:tributary:dev"
	Audience = "urn:tributary:dev"
)

// Verify returns the settings by which a gateway verifies tokens that were signed with the key in
// file. It ignores tokens of other issuers, which a service may verify.
func Verify(cfg auth.Config, file string) auth.Config {
	cfg.JWKS, cfg.Issuers, cfg.Audiences, cfg.Algorithms = file, []string{Issuer}, []string{Audience}, []string{algorithm}
	cfg.IgnoreOthers = true
	return cfg
}

// A Viewer is the subject of a token.
type Viewer struct {
	Name    string         `json:"name,omitempty"` // shown in the list of viewers
	Subject string         `json:"sub"`
	Scopes  []string       `json:"scopes,omitempty"`
	Claims  map[string]any `json:"claims,omitempty"` // further claims; they replace those of the same name
}

// Token is a signed token.
type Token struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}

// Sign returns a token of a viewer that expires after a time, which may be past already.
func (k *Key) Sign(v Viewer, lifetime time.Duration) (Token, error) {
	if v.Subject == "" {
		return Token{}, errors.New("a token needs a subject (sub)")
	}
	now := time.Now()
	expires := now.Add(lifetime).Truncate(time.Second)
	claims := jwt.MapClaims{
		"iss": Issuer, "aud": Audience, "sub": v.Subject, "jti": rand.Text(),
		"iat": now.Unix(), "exp": expires.Unix(),
	}
	if len(v.Scopes) > 0 {
		claims["scope"] = strings.Join(v.Scopes, " ")
	}
	maps.Copy(claims, v.Claims)
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	token.Header["kid"] = k.id
	text, err := token.SignedString(k.private)
	return Token{text, expires}, err
}
