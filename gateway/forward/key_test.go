package forward_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tributary/gateway/auth"
	"tributary/gateway/auth/authtest"
	"tributary/gateway/forward"
)

// TestVariant_IsWhatIsSent sends random requests: two of them have the same variant of a
// service exactly if the service gets the same bytes, but for trace headers, the request
// id, and tokens of the same viewer.
func TestVariant_IsWhatIsSent(t *testing.T) {
	p := authtest.New(t)
	a := p.Authenticator(t, nil)
	viewers := map[string]*auth.Viewer{"": nil} // by token
	for _, claims := range []map[string]any{{"scope": "read"}, {"scope": "read write"}, {"azp": "app"}} {
		for range 2 { // a fresh token of the same viewer
			for _, subject := range []string{"v1", "v2"} {
				token := "Bearer " + p.Token(t, subject, claims)
				v, err := a.Authenticate(t.Context(), []string{token})
				if err != nil {
					t.Fatal(err)
				}
				viewers[token] = v
			}
		}
	}
	tokens := slices.Sorted(maps.Keys(viewers))
	f := newForwarder(forward.Config{
		Headers: []string{"traceparent", "X-Request-Id", "Accept-Language", "X-Tenant", "X-Only@books", "Authorization@authors", "Cookie@authors"},
		Claims:  []string{"sub:X-User-Id@books", "scope:X-Scope@authors"},
	})
	value := rapid.SampledFrom([]string{"", " ", "a", "A", "a, b", "a,b", "*", "d e", "DE", "de", "de-ch", "de;q=1", "en;q=0.5,de", "de, en;q=0.50", "a|b", "\"", "é"})
	draw := rapid.Custom(func(t *rapid.T) request {
		return request{
			rapid.SampledFrom(tokens).Draw(t, "token"), value.Draw(t, "language"), value.Draw(t, "tenant"),
			value.Draw(t, "only"), value.Draw(t, "cookie"), value.Draw(t, "other"),
		}
	})
	send := func(r request) asked {
		header := []string{
			"Accept-Language", r.language, "X-Tenant", r.tenant, "X-Only", r.only, "Cookie", r.cookie,
			"X-User-Id", r.other, "X-Scope", r.other, "Traceparent", r.other, "X-Unknown", r.other,
		}
		if r.token != "" {
			header = append(header, "Authorization", r.token)
		}
		return ask(f, viewers[r.token], header...)
	}
	rapid.Check(t, func(t *rapid.T) {
		one := draw.Draw(t, "one")
		var two request
		if rapid.Bool().Draw(t, "differ in all") {
			two = draw.Draw(t, "two")
		} else {
			two = mixed(t, one, draw.Draw(t, "two"))
		}
		first, second := send(one), send(two)
		for _, service := range services {
			a, b := keyed(first.sent[service], viewers[one.token]), keyed(second.sent[service], viewers[two.token])
			same := lines(a) == lines(b)
			if same && lines(a) != "" && (a.Get("X-User-Id") != "" || a.Get("X-Scope") != "" || a.Get("Authorization") != "" || a.Get("Cookie") != "") { // then the viewer counts as well
				same = same && keyOf(viewers[one.token]) == keyOf(viewers[two.token])
			}
			if (first.variant[service] == second.variant[service]) != same {
				t.Fatalf("%s: variants %q and %q of\n%s\n%s", service, first.variant[service], second.variant[service], lines(a), lines(b))
			}
		}
	})
}

// request has what is random in a request.
type request struct{ token, language, tenant, only, cookie, other string }

// mixed returns r with one value of another request.
func mixed(t *rapid.T, r, other request) request {
	switch rapid.IntRange(0, 5).Draw(t, "differ in") {
	case 0:
		r.token = other.token
	case 1:
		r.language = other.language
	case 2:
		r.tenant = other.tenant
	case 3:
		r.only = other.only
	case 4:
		r.cookie = other.cookie
	default:
		r.other = other.other
	}
	return r
}

// keyed returns what of the headers that were sent must be in the key.
func keyed(sent http.Header, v *auth.Viewer) http.Header {
	sent = sent.Clone()
	sent.Del("Traceparent")
	sent.Del("Tracestate")
	sent.Del("X-Request-Id")
	if v != nil && sent.Get("Authorization") != "" {
		sent.Set("Authorization", v.Key())
	}
	return sent
}

func keyOf(v *auth.Viewer) string {
	if v == nil {
		return ""
	}
	return v.Key()
}
