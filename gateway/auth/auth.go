package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
)

// maxToken is the maximum length of a token in bytes.
const maxToken = 8 << 10

// Authenticator verifies tokens. It is safe for concurrent use, and must be closed.
type Authenticator struct {
	cfg     Config
	keys    *keys // nil without JWKS
	parser  *jwt.Parser
	metrics *metrics
}

// New returns an authenticator, which starts to fetch the key set. It does not wait for
// it: a provider that cannot be reached does not stop the start.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Authenticator, error) {
	if err := errors.Join(cfg.Validate(), cfg.CheckKeys()); err != nil {
		return nil, err
	}
	a := &Authenticator{cfg: cfg}
	if cfg.JWKS == "" {
		return a, nil
	}
	if len(cfg.Audiences) == 0 {
		log.Warn("tokens of every audience are accepted: set auth-audience to the audience of this gateway")
	}
	a.metrics = newMetrics(reg)
	a.parser = jwt.NewParser(
		jwt.WithValidMethods(cfg.Algorithms), jwt.WithStrictDecoding(), jwt.WithJSONNumber(),
		jwt.WithExpirationRequired(), jwt.WithLeeway(cfg.Leeway))
	a.keys = newKeys(sourceOf(cfg.JWKS), log, a.metrics)
	reg.MustRegister(a.metrics.ages(a.keys))
	return a, nil
}

// Close ends the refreshes of the key set.
func (a *Authenticator) Close() {
	if a.keys != nil {
		a.keys.close()
	}
}

// KeySet is the state of the identity provider's key set.
type KeySet struct {
	Usable bool          // tokens can be verified
	Failed bool          // the last fetch failed; if Usable, the set before it serves
	Age    time.Duration // of a usable set
}

// KeySet returns the state of the key set. There is one only if the authenticator is enabled.
func (a *Authenticator) KeySet() KeySet {
	age, err := a.keys.age()
	return KeySet{Usable: err == nil, Failed: a.keys.lastFailed(), Age: age}
}

// Enabled reports whether tokens are verified.
func (a *Authenticator) Enabled() bool { return a.keys != nil }

// Authenticate returns the viewer of a request with the given values of the
// Authorization header: nil if there is no bearer token. Its errors are *fault.Error:
// [fault.Unauthenticated] for a token that is not accepted or is missing and required,
// and [fault.Unavailable] while there are no keys to verify it with.
func (a *Authenticator) Authenticate(ctx context.Context, authorization []string) (*Viewer, error) {
	if a.keys == nil {
		return nil, nil
	}
	token, signed, err := bearer(authorization)
	if err == nil && a.cfg.IgnoreOthers && !slices.Contains(a.cfg.Issuers, issuerOf(token)) {
		signed = false
	}
	if err == nil && !signed {
		if a.cfg.Required {
			a.metrics.tokens.WithLabelValues(outcomeMissing).Inc()
			return nil, unauthenticated("sign in: this needs a bearer token", nil)
		}
		return nil, nil
	}
	var v *Viewer
	if err == nil {
		v, err = a.verify(ctx, token)
	}
	a.metrics.tokens.WithLabelValues(outcomeOf(err)).Inc()
	switch {
	case err == nil:
		return v, nil
	case errors.Is(err, errNoKeys):
		return nil, &fault.Error{Kind: fault.Unavailable, Message: "tokens cannot be verified at the moment: try again later", Err: err}
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, jwt.ErrTokenExpired):
		return nil, unauthenticated("the token has expired", err)
	}
	return nil, unauthenticated("the token is not valid", err)
}

func unauthenticated(message string, cause error) *fault.Error {
	return &fault.Error{Kind: fault.Unauthenticated, Message: message, Err: cause}
}

var (
	errSeveral  = errors.New("several Authorization headers")
	errTooLong  = errors.New("the token is too long")
	errHeader   = errors.New("the header of the token is not supported")
	errKey      = errors.New("the key of the token is not known")
	errIssuer   = errors.New("the issuer of the token is not accepted")
	errAudience = errors.New("the audience of the token is not accepted")
	errSubject  = errors.New("the token has no subject")
	errScopes   = errors.New("the scopes of the token are neither a string nor a list of strings")
	errText     = errors.New("a claim of the token is not valid Unicode")
)

// bearer returns the token in an Authorization header. It is not ok if there is none or
// the header has another scheme, and an error if there are two.
func bearer(authorization []string) (token string, ok bool, err error) {
	isBearer := func(value string) bool {
		scheme, _, _ := strings.Cut(strings.TrimSpace(value), " ")
		return strings.EqualFold(scheme, "Bearer")
	}
	if !slices.ContainsFunc(authorization, isBearer) {
		return "", false, nil
	}
	if len(authorization) > 1 {
		return "", true, errSeveral
	}
	_, token, _ = strings.Cut(strings.TrimSpace(authorization[0]), " ")
	return strings.TrimLeft(token, " "), true, nil
}

// issuerOf returns the issuer that a token names, "" if it names none. Nothing of it is
// verified.
func issuerOf(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Issuer string `json:"iss"`
	}
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return ""
	}
	return claims.Issuer
}

// verify returns the viewer of a token. The cause of an error has nothing of the token.
func (a *Authenticator) verify(ctx context.Context, token string) (*Viewer, error) {
	if len(token) > maxToken {
		return nil, errTooLong
	}
	claims := jwt.MapClaims{}
	if _, err := a.parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) { return a.keyOf(ctx, t) }); err != nil {
		return nil, plain(err)
	}
	text := func(name string) string {
		s, _ := claims[name].(string)
		return s
	}
	v := &Viewer{Issuer: text("iss"), Subject: text("sub"), Client: text("azp"), claims: claims}
	if v.Client == "" {
		v.Client = text("client_id")
	}
	audience, err := claims.GetAudience()
	expires, expiresErr := claims.GetExpirationTime()
	scopes, ok := scopesOf(claims[a.cfg.ScopeClaim])
	switch {
	case err != nil, len(a.cfg.Audiences) > 0 &&
		!slices.ContainsFunc(audience, func(s string) bool { return slices.Contains(a.cfg.Audiences, s) }):
		return nil, errAudience
	case expiresErr != nil || expires == nil:
		return nil, jwt.ErrTokenInvalidClaims
	case !slices.Contains(a.cfg.Issuers, v.Issuer):
		return nil, errIssuer
	case v.Subject == "":
		return nil, errSubject
	case !ok:
		return nil, errScopes
	}
	v.Expires, v.Scopes = expires.Time, scopes
	if v.key, err = keyOf(v, a.cfg.ViewerClaims); err != nil {
		return nil, err
	}
	return v, validText(claims)
}

// keyOf returns the keys that may have signed a token.
func (a *Authenticator) keyOf(ctx context.Context, t *jwt.Token) (any, error) {
	kid, isText := t.Header["kid"].(string)
	_, critical := t.Header["crit"] // extensions that must be understood (RFC 7515, section 4.1.11)
	_, encoded := t.Header["cty"]   // a token in a token
	if (!isText && t.Header["kid"] != nil) || critical || encoded {
		return nil, errHeader
	}
	found, err := a.keys.find(ctx, kid, t.Method.Alg())
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errKey
	}
	set := jwt.VerificationKeySet{}
	for _, k := range found {
		set.Keys = append(set.Keys, k.key)
	}
	return set, nil
}

// validText refuses claims with U+FFFD, by which the decoder replaces what is not valid
// Unicode: two different subjects would become one.
func validText(claims map[string]any) error {
	text, err := json.Marshal(claims)
	if err != nil {
		return err
	}
	if slices.Contains([]rune(string(text)), utf8.RuneError) {
		return errText
	}
	return nil
}

// plain returns the error of the parser without texts that may quote the token.
func plain(err error) error {
	for _, known := range []error{
		errNoKeys, errKey, errHeader, context.Canceled, context.DeadlineExceeded,
		jwt.ErrTokenExpired, jwt.ErrTokenNotValidYet, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenUnverifiable,
		jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenInvalidClaims,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	return jwt.ErrTokenMalformed
}

// Leeway is by how much clocks may differ, see [Viewer.Expired].
func (a *Authenticator) Leeway() time.Duration { return a.cfg.Leeway }
