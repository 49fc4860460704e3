package auth_test

import (
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"tributary/gateway/auth"
	"tributary/gateway/fault"
)

func kindOf(err error) fault.Kind {
	f, _ := errors.AsType[*fault.Error](err)
	if f == nil {
		return fault.Internal
	}
	return f.Kind
}

func TestAuthenticate_Accepted(t *testing.T) {
	rsa2048, p256, ed := rsaKey(t, 2048), ecKey(t, elliptic.P256()), edKey(t)
	p := newProvider(t, rsaJWK("r", rsa2048), ecJWK(t, "e", p256), edJWK("d", ed))
	a := newAuthenticator(t, p, nil)
	kid := func(id string) map[string]any { return map[string]any{"kid": id} }
	for name, token := range map[string]string{
		"RS256":             sign(t, jwt.SigningMethodRS256, rsa2048, usual(nil), kid("r")),
		"PS256":             sign(t, jwt.SigningMethodPS256, rsa2048, usual(nil), kid("r")),
		"ES256":             sign(t, jwt.SigningMethodES256, p256, usual(nil), kid("e")),
		"EdDSA":             sign(t, jwt.SigningMethodEdDSA, ed, usual(nil), kid("d")),
		"no kid":            sign(t, jwt.SigningMethodES256, p256, usual(nil), nil),
		"several audiences": sign(t, jwt.SigningMethodEdDSA, ed, usual(claims{"aud": []string{"other", audience}}), kid("d")),
		"expired within the leeway": sign(t, jwt.SigningMethodEdDSA, ed,
			usual(claims{"exp": time.Now().Add(-10 * time.Second).Unix()}), kid("d")),
		"not yet valid within leeway": sign(t, jwt.SigningMethodEdDSA, ed,
			usual(claims{"nbf": time.Now().Add(10 * time.Second).Unix()}), kid("d")),
		"a foreign jwk in the header": sign(t, jwt.SigningMethodEdDSA, ed, usual(nil),
			map[string]any{"kid": "d", "jku": "https://evil.example.com"}),
	} {
		t.Run(name, func(t *testing.T) {
			v, err := a.Authenticate(t.Context(), []string{"Bearer " + token})
			if err != nil || v == nil || v.Subject != "viewer1" {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

// The attacks of RFC 8725 and their kin. Each is refused without an error that quotes it.
func TestAuthenticate_Refused(t *testing.T) {
	rsa2048, rsa1024, other := rsaKey(t, 2048), rsaKey(t, 1024), rsaKey(t, 2048)
	p256, p384, ed := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P384()), edKey(t)
	p := newProvider(t, rsaJWK("r", rsa2048), rsaJWK("short", rsa1024), ecJWK(t, "e", p256), ecJWK(t, "wide", p384), edJWK("d", ed),
		jwk{"kty": "oct", "kid": "secret", "k": b64([]byte("secret"))},
		jwk{"kty": "RSA", "kid": "enc", "use": "enc", "n": rsaJWK("", other)["n"], "e": "AQAB"},
		jwk{"kty": "RSA", "kid": "ps", "alg": "PS256", "n": rsaJWK("", other)["n"], "e": "AQAB"})
	a := newAuthenticator(t, p, nil)
	der, err := x509.MarshalPKIXPublicKey(&rsa2048.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	good := sign(t, jwt.SigningMethodEdDSA, ed, usual(nil), map[string]any{"kid": "d"})
	with := func(c claims) string {
		return sign(t, jwt.SigningMethodEdDSA, ed, usual(c), map[string]any{"kid": "d"})
	}
	header := func(h map[string]any) string { return sign(t, jwt.SigningMethodEdDSA, ed, usual(nil), h) }
	parts := strings.Split(good, ".")
	for name, authorization := range map[string][]string{
		"alg none":                {"Bearer " + sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, usual(nil), nil)},
		"alg None in other case":  {"Bearer " + b64([]byte(`{"alg":"nOnE","kid":"d"}`)) + "." + parts[1] + "."},
		"HS256 by the public key": {"Bearer " + sign(t, jwt.SigningMethodHS256, publicPEM, usual(nil), map[string]any{"kid": "r"})},
		"HS256 by the modulus": {"Bearer " +
			sign(t, jwt.SigningMethodHS256, rsa2048.N.Bytes(), usual(nil), map[string]any{"kid": "r"})},
		"HS256 by a secret of the set": {"Bearer " +
			sign(t, jwt.SigningMethodHS256, []byte("secret"), usual(nil), map[string]any{"kid": "secret"})},
		"an algorithm that is not set":  {"Bearer " + sign(t, jwt.SigningMethodRS512, rsa2048, usual(nil), map[string]any{"kid": "r"})},
		"a curve that does not fit":     {"Bearer " + sign(t, jwt.SigningMethodES384, p384, usual(nil), map[string]any{"kid": "wide"})},
		"an RSA key that is too short":  {"Bearer " + sign(t, jwt.SigningMethodRS256, rsa1024, usual(nil), map[string]any{"kid": "short"})},
		"a key for encryption":          {"Bearer " + sign(t, jwt.SigningMethodRS256, other, usual(nil), map[string]any{"kid": "enc"})},
		"a key of another algorithm":    {"Bearer " + sign(t, jwt.SigningMethodRS256, other, usual(nil), map[string]any{"kid": "ps"})},
		"another key of the same kid":   {"Bearer " + sign(t, jwt.SigningMethodRS256, other, usual(nil), map[string]any{"kid": "r"})},
		"a kid of another key":          {"Bearer " + header(map[string]any{"kid": "r"})},
		"an unknown kid":                {"Bearer " + header(map[string]any{"kid": "nobody"})},
		"a kid that is a path":          {"Bearer " + header(map[string]any{"kid": "../../../../dev/null"})},
		"a kid that is SQL":             {"Bearer " + header(map[string]any{"kid": "x' UNION SELECT 'secret"})},
		"a kid that is a number":        {"Bearer " + header(map[string]any{"kid": 7})},
		"critical extensions":           {"Bearer " + header(map[string]any{"kid": "d", "crit": []string{"exp"}})},
		"a nested token":                {"Bearer " + header(map[string]any{"kid": "d", "cty": "JWT"})},
		"a changed payload":             {"Bearer " + parts[0] + "." + b64([]byte(`{"sub":"admin"}`)) + "." + parts[2]},
		"a cut signature":               {"Bearer " + good[:len(good)-4]},
		"no signature":                  {"Bearer " + parts[0] + "." + parts[1] + "."},
		"two parts":                     {"Bearer " + parts[0] + "." + parts[1]},
		"four parts":                    {"Bearer " + good + ".x"},
		"padding":                       {"Bearer " + good + "=="},
		"no token":                      {"Bearer"},
		"an empty token":                {"Bearer  "},
		"a token with a space":          {"Bearer " + good + " x"},
		"garbage":                       {"Bearer \x00\xff"},
		"dots":                          {"Bearer " + strings.Repeat(".", 5000)},
		"a huge token":                  {"Bearer " + with(claims{"filler": strings.Repeat("x", 10_000)})},
		"two tokens":                    {"Bearer " + good, "Bearer " + good},
		"a token beside another scheme": {"Basic dXNlcjpwYXNz", "bearer " + good},
		"expired":                       {"Bearer " + with(claims{"exp": time.Now().Add(-time.Minute).Unix()})},
		"without exp":                   {"Bearer " + with(claims{"exp": nil})},
		"exp that is text":              {"Bearer " + with(claims{"exp": "tomorrow"})},
		"not yet valid":                 {"Bearer " + with(claims{"nbf": time.Now().Add(time.Minute).Unix()})},
		"without sub":                   {"Bearer " + with(claims{"sub": nil})},
		"an empty sub":                  {"Bearer " + with(claims{"sub": ""})},
		"a sub that is a number":        {"Bearer " + with(claims{"sub": 7})},
		"a sub that is not Unicode":     {"Bearer " + with(claims{"sub": "\ufffd"})},
		"another issuer":                {"Bearer " + with(claims{"iss": issuer + "/"})},
		"without an issuer":             {"Bearer " + with(claims{"iss": nil})},
		"a list of issuers":             {"Bearer " + with(claims{"iss": []string{issuer}})},
		"another audience":              {"Bearer " + with(claims{"aud": "other"})},
		"without an audience":           {"Bearer " + with(claims{"aud": nil})},
		"an audience that is a number":  {"Bearer " + with(claims{"aud": 7})},
		"scopes that are numbers":       {"Bearer " + with(claims{"scope": []int{1}})},
		"scopes that are an object":     {"Bearer " + with(claims{"scope": claims{}})},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := a.Authenticate(t.Context(), authorization)
			if v != nil || kindOf(err) != fault.Unauthenticated {
				t.Fatalf("%+v, %v", v, err)
			}
			for _, part := range strings.Split(authorization[0], ".") {
				if len(part) > 16 && strings.Contains(err.Error(), part) {
					t.Errorf("the error quotes the token: %v", err)
				}
			}
		})
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("%d fetches for all unknown keys within 10 s", n)
	}
}

func TestAuthenticate_Anonymous(t *testing.T) {
	a := newAuthenticator(t, newProvider(t, edJWK("d", edKey(t))), nil)
	required := newAuthenticator(t, newProvider(t, edJWK("d", edKey(t))), func(c *auth.Config) { c.Required = true })
	for _, authorization := range [][]string{nil, {""}, {"Basic dXNlcjpwYXNz"}, {"BearerX token"}} {
		if v, err := a.Authenticate(t.Context(), authorization); v != nil || err != nil {
			t.Errorf("%q: %+v, %v", authorization, v, err)
		}
		if _, err := required.Authenticate(t.Context(), authorization); kindOf(err) != fault.Unauthenticated {
			t.Errorf("%q where a token is required: %v", authorization, err)
		}
	}
}

func TestViewer_Key(t *testing.T) {
	ed := edKey(t)
	a := newAuthenticator(t, newProvider(t, edJWK("d", ed)), func(c *auth.Config) { c.ViewerClaims = []string{"tenant"} })
	viewer := func(c claims) *auth.Viewer {
		v, err := a.Authenticate(t.Context(), []string{"Bearer " + sign(t, jwt.SigningMethodEdDSA, ed, usual(c), nil)})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	first := viewer(claims{"scope": "a b", "azp": "web", "tenant": "t1"})
	for _, same := range []claims{
		{"scope": "b a", "azp": "web", "tenant": "t1", "exp": time.Now().Add(2 * time.Hour).Unix()},
		{"scope": []string{"b", "a", "b"}, "azp": "web", "tenant": "t1", "jti": "another"},
		{"scope": " a  b ", "client_id": "web", "tenant": "t1"},
	} {
		if viewer(same).Key() != first.Key() {
			t.Errorf("%v is another viewer", same)
		}
	}
	for _, other := range []claims{
		{"scope": "a b", "azp": "web", "tenant": "t1", "sub": "viewer2"},
		{"scope": "a", "azp": "web", "tenant": "t1"},
		{"scope": "a b c", "azp": "web", "tenant": "t1"},
		{"scope": "a b", "azp": "app", "tenant": "t1"},
		{"scope": "a b", "tenant": "t1"},
		{"scope": "a b", "azp": "web", "tenant": "t2"},
		{"scope": "a b", "azp": "web"},
		{"azp": "web", "tenant": "t1", "sub": `viewer1","web",["a","b"],"t1`},
	} {
		if viewer(other).Key() == first.Key() {
			t.Errorf("%v is the same viewer", other)
		}
	}
	if !slices.Equal(first.Scopes, []string{"a", "b"}) {
		t.Errorf("scopes %v", first.Scopes)
	}
}

func TestViewer_HasScopes(t *testing.T) {
	v := &auth.Viewer{Scopes: []string{"drafts:read", "drafts:write"}}
	for _, c := range []struct {
		sets [][]string
		want bool
	}{
		{nil, false},
		{[][]string{{}}, true},
		{[][]string{{"drafts:read"}}, true},
		{[][]string{{"drafts:read", "drafts:write"}}, true},
		{[][]string{{"drafts:read", "admin"}}, false},
		{[][]string{{"admin"}, {"drafts:write"}}, true},
		{[][]string{{"admin"}, {"root"}}, false},
	} {
		if got := v.HasScopes(c.sets); got != c.want {
			t.Errorf("%v: %t", c.sets, got)
		}
	}
}

func TestConfig_Refused(t *testing.T) {
	valid := auth.Config{JWKS: "keys.json", Issuers: []string{issuer}, Algorithms: []string{"RS256"}, ScopeClaim: "scope"}
	if err := valid.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*auth.Config){
		"auth-issuer":      func(c *auth.Config) { c.Issuers = nil },
		`"HS256"`:          func(c *auth.Config) { c.Algorithms = []string{"RS256", "HS256"} },
		`"none"`:           func(c *auth.Config) { c.Algorithms = []string{"none"} },
		"auth-algorithms":  func(c *auth.Config) { c.Algorithms = nil },
		"auth-leeway":      func(c *auth.Config) { c.Leeway = -1 },
		"auth-scope-claim": func(c *auth.Config) { c.ScopeClaim = "" },
		"auth-jwks":        func(c *auth.Config) { c.JWKS = "ftp://id.example.com" },
		"auth-required":    func(c *auth.Config) { *c = auth.Config{Required: true} },
	} {
		cfg := valid
		change(&cfg)
		if err := errors.Join(cfg.Validate(), cfg.CheckKeys()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s in %v", want, err)
		}
	}
}

func TestJWKS_File(t *testing.T) {
	ed, p := edKey(t), newProvider(t)
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(file, []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"`+edJWK("", ed)["x"].(string)+`"}]}`),
		0o600); err != nil {
		t.Fatal(err)
	}
	a := newAuthenticator(t, p, func(c *auth.Config) { c.JWKS = file })
	if v, err := a.Authenticate(t.Context(), []string{"Bearer " +
		sign(t, jwt.SigningMethodEdDSA, ed, usual(nil), nil)}); err != nil || v == nil {
		t.Errorf("%+v, %v", v, err)
	}
}
