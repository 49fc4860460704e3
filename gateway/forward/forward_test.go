package forward_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/auth"
	"tributary/gateway/auth/authtest"
	"tributary/gateway/forward"
	"tributary/gateway/upstream"
)

func TestConfig_Refused(t *testing.T) {
	for entry, ok := range map[string]bool{
		"accept-language": true, "X-Tenant": true, "X-Tenant@authors": true, "Authorization@authors": true, "cookie@books": true,
		"Authorization": false, "authorization": false, "Cookie": false, "Cookie@": false, "X-Tenant@": false,
		"Idempotency-Key": false, "idempotency-key@books": false, "X-Idempotency-Key": false, "x-idempotency-key@books": false, "Host@books": false, "X-Tenant@nobody": false,
		"": false, "X Tenant": false, "X-Tenant:": false, "Host": false, "content-length": false, "Accept-Encoding": false, "TE": false,
	} {
		if err := check(forward.Config{Headers: []string{entry}}); (err == nil) != ok {
			t.Errorf("headers %q: %v", entry, err)
		}
	}
	for entry, ok := range map[string]bool{
		"sub:X-User-Id@authors": true, "https://example.com/tenant:X-Tenant@books": true, "sub:Authorization@authors": true,
		"sub:X-User-Id": false, "sub@authors": false, ":X-User-Id@authors": false, "sub:@authors": false, "sub:X-User-Id@nobody": false,
		"sub:Host@authors": false, "sub:X-Request-Id@authors": false, "sub:Idempotency-Key@authors": false, "sub:X-Idempotency-Key@authors": false, "sub:X User@authors": false,
	} {
		if err := check(forward.Config{Claims: []string{entry}}); (err == nil) != ok {
			t.Errorf("claims %q: %v", entry, err)
		}
	}
	if check(forward.Config{Claims: []string{"sub:X-Id@books", "iss:x-id@books"}}) == nil {
		t.Error("a header with two claims is accepted")
	}
	for tag, ok := range map[string]bool{"de": true, "pt-BR": true, "zh-Hant-TW": true, "": false, "d e": false, "*": false, "de;q=1": false, "de_CH": false} {
		if err := check(forward.Config{Languages: []string{tag}}); (err == nil) != ok {
			t.Errorf("languages %q: %v", tag, err)
		}
	}
}

func check(cfg forward.Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	return cfg.Check(services)
}

var services = []string{"authors", "books"}

// asked is what is known within a request.
type asked struct {
	status           int
	sent             map[string]http.Header // by service
	variant          map[string]string
	personal         map[string]bool
	viewer, vary     string
	responsesVariant string
}

// ask sends a request with headers in pairs, of a viewer; nil: an anonymous one.
func ask(f *forward.Forwarder, v *auth.Viewer, header ...string) asked {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	a := asked{status: http.StatusOK, sent: map[string]http.Header{}, variant: map[string]string{}, personal: map[string]bool{}}
	w := httptest.NewRecorder()
	f.Handler(func(http.ResponseWriter, *http.Request, error) { a.status = http.StatusRequestHeaderFieldsTooLarge })(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			for _, service := range services {
				a.sent[service] = forward.Sent(r.Context(), service)
				a.variant[service], a.personal[service] = forward.Variant(r.Context(), service), forward.Personal(r.Context(), service)
			}
			a.viewer, a.responsesVariant = forward.Viewer(r.Context()), forward.Variant(r.Context(), "")
		})).ServeHTTP(w, r.WithContext(auth.With(r.Context(), v)))
	a.vary = w.Header().Get("Vary")
	return a
}

func newForwarder(cfg forward.Config) *forward.Forwarder {
	return forward.New(cfg, forward.Options{Services: services, RequestID: func(context.Context) string { return "r" }})
}

func TestAcceptLanguage_SentInOneSpelling(t *testing.T) {
	for value, want := range map[string]string{
		"de": "de", "DE": "de", " de ": "de", "de-ch": "de-CH", "ZH-hant-tw": "zh-Hant-TW",
		"en-US,en;q=0.5": "en-US,en;q=0.5", "en-us, en ; q=0.50": "en-US,en;q=0.5", "en;q=0.5,de": "de,en;q=0.5", "de,de;q=0.2": "de",
		"de,fr;q=0": "de", "de,*;q=0.1": "de,*;q=0.1",
		"": "", "*": "", "*;q=0.5": "", "d e": "", "de;q=2": "", "de;q=x": "", "d_e": "", "de;x=1": "", ",": "", "toolonglanguage": "",
	} {
		a := ask(newForwarder(forward.Config{Headers: []string{"Accept-Language"}}), nil, "Accept-Language", value)
		if got := a.sent["books"].Get("Accept-Language"); got != want {
			t.Errorf("%q is sent as %q, want %q", value, got, want)
		}
		if (a.variant["books"] == "") != (want == "") {
			t.Errorf("%q has variant %q", value, a.variant["books"])
		}
	}
}

func TestAcceptLanguage_Negotiated(t *testing.T) {
	f := newForwarder(forward.Config{Headers: []string{"Accept-Language"}, Languages: []string{"en", "de", "PT-br"}})
	for value, want := range map[string]string{
		"de": "de", "de-CH-1996": "de", "pt-BR": "pt-BR", "pt": "en", "fr,de;q=0.1": "de", "de;q=0.1,en;q=0.5": "en",
		"": "en", "*": "en", "xx": "en", "d e": "en", "zh-x-de": "en",
	} {
		if got := ask(f, nil, "Accept-Language", value).sent["books"].Get("Accept-Language"); got != want {
			t.Errorf("%q is answered in %q, want %q", value, got, want)
		}
	}
}

func TestAcceptLanguage_VariantsBounded(t *testing.T) {
	f, seen := newForwarder(forward.Config{Headers: []string{"Accept-Language"}}), map[string]bool{}
	first := ask(f, nil, "Accept-Language", "de-CH,en;q=0.3")
	for i := range 5000 {
		value := "de-x-" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		seen[ask(f, nil, "Accept-Language", value).variant["books"]] = true
	}
	if len(seen) > 300 {
		t.Errorf("5000 random values have %d variants", len(seen))
	}
	if again := ask(f, nil, "Accept-Language", "de-CH,en;q=0.3"); again.variant["books"] != first.variant["books"] {
		t.Error("a value that was in use is not any more")
	}
	if got := ask(f, nil, "Accept-Language", "fr-x-zzzz").sent["books"].Get("Accept-Language"); got != "fr" {
		t.Errorf("beyond the bound %q is sent", got)
	}
}

func TestHeaders_SeveralLines(t *testing.T) {
	f := newForwarder(forward.Config{Headers: []string{"Cookie@books", "X-Tenant", "Accept-Language", "baggage"}})
	a := ask(f, nil, "Cookie", "a=1", "Cookie", " b=2 ", "X-Tenant", "x", "X-Tenant", "", "X-Tenant", "y", "Accept-Language", "de", "Accept-Language", "en;q=0.5", "Baggage", "a=1", "Baggage", "b=2")
	if got, want := lines(a.sent["books"]), "Accept-Language: de,en;q=0.5|Baggage: a=1, b=2|Cookie: a=1; b=2|X-Tenant: x, y"; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

func TestHeaders_ToNamedServices(t *testing.T) {
	p := authtest.New(t)
	viewer, err := p.Authenticator(t, nil).Authenticate(t.Context(), []string{"Bearer " + p.Token(t, "v1", map[string]any{"tenant": "t1", "bad": "a\nb"})})
	if err != nil {
		t.Fatal(err)
	}
	f := newForwarder(forward.Config{
		Headers: []string{"Authorization@authors", "Cookie@books", "X-Tenant", "X-User-Id", "x_user_id"},
		Claims:  []string{"sub:X-User-Id@authors", "tenant:X-Claimed@books", "bad:X-Bad@authors"},
	})
	header := []string{"Authorization", "Bearer x", "Cookie", "c=1", "X-Tenant", "t", "X-User-Id", "forged", "X_user_id", "forged", "X-Claimed", "forged"}
	for name, test := range map[string]struct {
		viewer         *auth.Viewer
		authors, books string
	}{
		"signed in": {viewer, "Authorization: Bearer x|X-Tenant: t|X-User-Id: v1", "Cookie: c=1|X-Claimed: t1|X-Tenant: t"},
		"anonymous": {nil, "Authorization: Bearer x|X-Tenant: t", "Cookie: c=1|X-Tenant: t"},
	} {
		a := ask(f, test.viewer, header...)
		if got := lines(a.sent["authors"]); got != test.authors {
			t.Errorf("%s: authors gets %s", name, got)
		}
		if got := lines(a.sent["books"]); got != test.books {
			t.Errorf("%s: books gets %s", name, got)
		}
		if !a.personal["authors"] || !a.personal["books"] || a.vary != "X-Tenant" {
			t.Errorf("%s: %v, Vary: %s", name, a.personal, a.vary)
		}
	}
	if a := ask(f, nil, "X-User-Id", "forged", "X-Tenant", "t"); !a.personal["authors"] || lines(a.sent["authors"]) != "X-Tenant: t" {
		t.Errorf("nobody sends %s", lines(a.sent["authors"]))
	}
}

// lines returns headers in order of names.
func lines(h http.Header) string {
	var b strings.Builder
	_ = h.Write(&b)
	return strings.ReplaceAll(strings.TrimSpace(b.String()), "\r\n", "|")
}

func TestValues_Bounded(t *testing.T) {
	f := newForwarder(forward.Config{Headers: []string{"Authorization@books", "Cookie@books", "X-Tenant", "Accept-Language", "traceparent", "baggage"}})
	for name, most := range map[string]int{"Authorization": 8192, "Cookie": 8192, "X-Tenant": 1024, "Accept-Language": 1024, "X-Not-Forwarded": 1 << 20} {
		if got := ask(f, nil, name, strings.Repeat("a", most)).status; got != http.StatusOK {
			t.Errorf("%s with %d bytes: %d", name, most, got)
		}
		want := http.StatusRequestHeaderFieldsTooLarge
		if name == "X-Not-Forwarded" {
			want = http.StatusOK
		}
		if got := ask(f, nil, name, "a", name, strings.Repeat("a", most)).status; got != want {
			t.Errorf("%s with more: %d", name, got)
		}
	}
}

func TestTrace_AsW3CHasIt(t *testing.T) {
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	f := newForwarder(forward.Config{Headers: []string{"traceparent", "baggage"}})
	long := "l=" + strings.Repeat("x", 200)
	for _, test := range []struct{ parent, state, wantParent, wantState string }{
		{parent, "a=b,c=d", parent, "a=b,c=d"},
		{parent, " a=b ,, c=d", parent, "a=b,c=d"},
		{"cc" + parent[2:] + "-what-else", "a=b", parent, "a=b"},
		{"", "a=b", "", ""},
		{"nonsense", "a=b", "", ""},
		{"ff" + parent[2:], "a=b", "", ""},
		{parent + "-more", "a=b", "", ""},
		{strings.ToUpper(parent), "a=b", "", ""},
		{strings.ReplaceAll(parent, "0af7651916cd43dd8448eb211c80319c", strings.Repeat("0", 32)), "a=b", "", ""},
		{parent, strings.Repeat("a=b,", 33), parent, ""},
		{parent, strings.Repeat("x", 20<<10), parent, ""},
		{parent, "a=b," + long + "," + long + "," + long + ",c=d", parent, "a=b,c=d"},
	} {
		a := ask(f, nil, "Traceparent", test.parent, "Tracestate", test.state, "Baggage", strings.Repeat("b", 8193))
		sent := a.sent["books"]
		if sent.Get("Traceparent") != test.wantParent || sent.Get("Tracestate") != test.wantState || sent.Get("Baggage") != "" {
			t.Errorf("%q with %.40q: %s", test.parent, test.state, lines(sent))
		}
		if a.variant["books"] != "" || a.status != http.StatusOK {
			t.Errorf("%q: variant %q, status %d", test.parent, a.variant["books"], a.status)
		}
	}
}

func TestForward_TraceContextThatIsInvalid(t *testing.T) {
	const parent, state = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=1,b=2"
	for name, tt := range map[string]struct {
		parents, states []string
		parent, state   string
	}{
		"both":                  {[]string{parent}, []string{state}, parent, state},
		"a state in two fields": {[]string{parent}, []string{"a=1", "b=2"}, parent, state},
		"no state":              {[]string{parent}, nil, parent, ""},
		"an invalid state":      {[]string{parent}, []string{"a=1,=,"}, parent, ""},
		"no parent":             {nil, []string{state}, "", ""},
		"two parents":           {[]string{parent, parent}, []string{state}, "", ""},
		"an empty parent":       {[]string{""}, []string{state}, "", ""},
		"capitals":              {[]string{strings.ToUpper(parent)}, []string{state}, "", ""},
		"a short id":            {[]string{"00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01"}, []string{state}, "", ""},
		"a zero trace":          {[]string{"00-00000000000000000000000000000000-b7ad6b7169203331-01"}, []string{state}, "", ""},
		"a zero span":           {[]string{"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"}, []string{state}, "", ""},
		"version ff":            {[]string{"ff" + parent[2:]}, []string{state}, "", ""},
		"more than version 00":  {[]string{parent + "-x"}, []string{state}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.Header["Traceparent"], r.Header["Tracestate"] = tt.parents, tt.states
			seen := make(chan http.Header, 1)
			service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header }))
			defer service.Close()
			cfg := forward.Config{Headers: []string{"traceparent", "X-Request-Id"}}
			forwarder := forward.New(cfg, forward.Options{Services: []string{"things"}, RequestID: func(context.Context) string { return "r" }})
			forwarder.Handler(nil)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				client, err := upstream.NewClient("things", service.URL, upstream.Config{Timeout: time.Minute, MaxBody: 1000}, upstream.NewMetrics(prometheus.NewRegistry()))
				if err != nil {
					t.Error(err)
				}
				_, _ = client.Get(r.Context(), "/things")
			})).ServeHTTP(httptest.NewRecorder(), r)
			got := <-seen
			if got.Get("Traceparent") != tt.parent || got.Get("Tracestate") != tt.state {
				t.Errorf("the service got %q and %q, want %q and %q", got.Get("Traceparent"), got.Get("Tracestate"), tt.parent, tt.state)
			}
		})
	}
}

// A renewed token finds what was cached for the viewer's last one.
func TestVariant_OtherTokenOfTheViewer(t *testing.T) {
	p := authtest.New(t)
	a := p.Authenticator(t, nil)
	f := newForwarder(forward.Config{Headers: []string{"Authorization@authors"}})
	variants := map[string]string{}
	for name, token := range map[string]string{
		"first": p.Token(t, "v1", nil), "renewed": p.Token(t, "v1", map[string]any{"jti": "2"}), "another's": p.Token(t, "v2", nil),
	} {
		v, err := a.Authenticate(t.Context(), []string{"Bearer " + token})
		if err != nil {
			t.Fatal(err)
		}
		asked := ask(f, v, "Authorization", "Bearer "+token)
		if got := asked.sent["authors"].Get("Authorization"); got != "Bearer "+token {
			t.Errorf("%s: the service gets %s", name, got)
		}
		variants[name] = asked.variant["authors"]
	}
	if variants["renewed"] != variants["first"] || variants["another's"] == variants["first"] || variants["first"] == "" {
		t.Errorf("variants %v", variants)
	}
}
