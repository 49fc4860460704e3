package auth

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tributary/gateway/internal/digest"
)

// Viewer is the subject of a verified token. It is shared and read-only.
type Viewer struct {
	Issuer  string
	Subject string
	Client  string    // azp or client_id; "" if the token names none
	Scopes  []string  // sorted, each once
	Expires time.Time // when the token expires, without leeway

	claims map[string]any
	key    string
}

// Key identifies the viewer in cache keys: a digest of issuer, subject, client, scopes
// and [Config.ViewerClaims]. Tokens that differ in nothing else have the same key.
func (v *Viewer) Key() string { return v.key }

// Claim returns a claim as text: a string as it is, a number or a boolean as written in
// JSON. It is not ok for a claim that is missing, null, a list or an object.
func (v *Viewer) Claim(name string) (text string, ok bool) {
	switch c := v.claims[name].(type) {
	case string:
		return c, true
	case json.Number:
		return c.String(), true
	case bool:
		if c {
			return "true", true
		}
		return "false", true
	}
	return "", false
}

// HasScopes reports whether the viewer has every scope of at least one of the sets.
func (v *Viewer) HasScopes(sets [][]string) bool {
	return slices.ContainsFunc(sets, func(all []string) bool {
		return !slices.ContainsFunc(all, func(scope string) bool {
			_, has := slices.BinarySearch(v.Scopes, scope)
			return !has
		})
	})
}

// Expired reports whether the token has expired, leeway included.
func (v *Viewer) Expired(now time.Time, leeway time.Duration) bool {
	return !now.Before(v.Expires.Add(leeway))
}

// keyOf returns a digest of the claims that distinguish viewers, encoded as JSON.
func keyOf(v *Viewer, further []string) (string, error) {
	parts := append(make([]any, 0, 4+len(further)), v.Issuer, v.Subject, v.Client, v.Scopes)
	for _, name := range further {
		parts = append(parts, v.claims[name])
	}
	text, err := json.Marshal(parts)
	if err != nil {
		return "", err
	}
	sum := digest.Of(text)
	return sum.Base64(len(sum)), nil
}

// scopesOf reads a claim that is a list of scopes, or a string with spaces between them
// (RFC 8693, section 4.2).
func scopesOf(claim any) (scopes []string, ok bool) {
	switch c := claim.(type) {
	case nil:
		return nil, true
	case string:
		scopes = strings.Fields(c)
	case []any:
		for _, s := range c {
			scope, isText := s.(string)
			if !isText {
				return nil, false
			}
			scopes = append(scopes, scope)
		}
	default:
		return nil, false
	}
	slices.Sort(scopes)
	return slices.Compact(scopes), true
}

type viewerKey struct{}

// With returns a context of a request by v; nil stands for an anonymous request.
func With(ctx context.Context, v *Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, v)
}

// From returns the viewer of a request, nil if it is anonymous.
func From(ctx context.Context) *Viewer {
	v, _ := ctx.Value(viewerKey{}).(*Viewer)
	return v
}
