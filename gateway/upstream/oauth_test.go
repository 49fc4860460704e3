package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/oauth2"

	"tributary/gateway/fault"
)

// grants is a token endpoint in a synctest bubble.
type grants struct {
	fetches  atomic.Int64
	lifetime time.Duration // 0: tokens do not expire
	err      error
	delay    time.Duration
}

func (g *grants) fetch(ctx context.Context) (*oauth2.Token, error) {
	n := g.fetches.Add(1)
	select {
	case <-time.After(g.delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	token := &oauth2.Token{AccessToken: fmt.Sprint("t", n)}
	if g.lifetime > 0 {
		token.Expiry = time.Now().Add(g.lifetime)
	}
	return token, g.err
}

func bubbled(t *testing.T, g *grants, test func(t *testing.T, tokens *tokens)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tokens := newTokens("books", OAuthConfig{TokenURL: "https://id.example.com"}, time.Minute, nil)
		tokens.fetch = g.fetch
		defer tokens.close()
		test(t, tokens)
	})
}

func now(t *testing.T, tokens *tokens) string {
	t.Helper()
	start := time.Now()
	token, err := tokens.get(t.Context())
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(token, " after ", time.Since(start))
}

func TestOAuth_RenewedAhead(t *testing.T) {
	for name, tt := range map[string]struct {
		lifetime, due time.Duration
	}{"an hour": {time.Hour, 55 * time.Minute}, "ten seconds": {10 * time.Second, 8 * time.Second}} {
		g := &grants{lifetime: tt.lifetime, delay: time.Second}
		bubbled(t, g, func(t *testing.T, tokens *tokens) {
			t.Helper()
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() {
					if got := now(t, tokens); got != "t1 after 1s" {
						t.Errorf("%s: %s", name, got)
					}
				})
			}
			all.Wait()
			time.Sleep(tt.due - time.Millisecond)
			if got := now(t, tokens); got != "t1 after 0s" || g.fetches.Load() != 1 {
				t.Errorf("%s, before it is due: %s, %d fetches", name, got, g.fetches.Load())
			}
			time.Sleep(time.Millisecond)
			for range 10 {
				if got := now(t, tokens); got != "t1 after 0s" {
					t.Errorf("%s, while it is renewed: %s", name, got)
				}
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if got := now(t, tokens); got != "t2 after 0s" || g.fetches.Load() != 2 {
				t.Errorf("%s, after it was renewed: %s, %d fetches", name, got, g.fetches.Load())
			}
			time.Sleep(2 * tt.lifetime)
			if got := now(t, tokens); got != "t3 after 1s" {
				t.Errorf("%s, after it has expired: %s", name, got)
			}
		})
	}
}

// The present token serves while it cannot be renewed, and a dead endpoint is asked once a second.
func TestOAuth_EndpointGone(t *testing.T) {
	g := &grants{lifetime: time.Hour}
	bubbled(t, g, func(t *testing.T, tokens *tokens) {
		t.Helper()
		now(t, tokens)
		time.Sleep(58 * time.Minute)
		g.err = errors.New("down")
		for range 10 {
			if got := now(t, tokens); got != "t1 after 0s" {
				t.Error(got)
			}
		}
		time.Sleep(2 * time.Minute)
		before := g.fetches.Load()
		for range 1000 {
			_, err := tokens.get(t.Context())
			if f, _ := errors.AsType[*fault.Error](err); f == nil || f.Kind != fault.Unavailable || f.Service != "books" {
				t.Fatal(err)
			}
		}
		if n := g.fetches.Load() - before; n != 1 {
			t.Errorf("%d fetches", n)
		}
		g.err = nil
		time.Sleep(time.Second)
		if got := now(t, tokens); !strings.HasPrefix(got, "t") || !strings.HasSuffix(got, " after 0s") {
			t.Error(got)
		}
	})
}

// endpoint is a token endpoint and a service that wants its tokens.
func endpoint(t *testing.T, answer http.HandlerFunc) (cfg ServiceConfig, calls *atomic.Int64) {
	t.Helper()
	calls = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			answer(w, r)
			return
		}
		calls.Add(1)
		w.Header().Set("Content-Type", "application/json")
		if r.Header.Get("Authorization") != "Bearer granted" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = w.Write([]byte(`{}`))
	}))
	t.Cleanup(server.Close)
	return ServiceConfig{URL: server.URL, Health: "/health", OAuth: OAuthConfig{
		TokenURL: server.URL + "/token", ClientID: "gateway", ClientSecret: "s3cr3t", Scopes: []string{"read", "list"}}}, calls
}

func TestOAuth_EachRequest(t *testing.T) {
	var fetches atomic.Int64
	cfg, calls := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		fetches.Add(1)
		if id != "gateway" || secret != "s3cr3t" || r.PostFormValue("scope") != "read list" || r.PostFormValue("grant_type") != "client_credentials" {
			t.Errorf("%s %s %v", id, secret, r.PostForm)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "granted", "token_type": "bearer", "expires_in": 3600})
	})
	client, err := cfg.NewClient("books", Config{Timeout: time.Minute, MaxBody: 1000}, NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 3 {
		if _, err := client.Get(t.Context(), "/books"); err != nil {
			t.Error(err)
		}
		if err := client.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if fetches.Load() != 1 || calls.Load() != 6 {
		t.Errorf("%d fetches, %d calls", fetches.Load(), calls.Load())
	}
}

// Without a token the service is not called, and calls to it fail. What the token endpoint says
// of the secret is told nowhere.
func TestOAuth_EndpointRefuses(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"invalid_client": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"s3cr3t is wrong"}`))
		},
		"500": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "s3cr3t", http.StatusInternalServerError)
		},
		"307": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere?s3cr3t", http.StatusTemporaryRedirect)
		},
		"no sense": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`s3cr3t`)) },
		"no such": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"no such s3cr3t"}`))
		},
		"EOF": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			cfg, calls := endpoint(t, answer)
			var log bytes.Buffer
			client, err := cfg.NewClient("books", Config{Timeout: time.Minute, MaxBody: 1000, Log: slog.New(slog.NewTextHandler(&log, nil))}, NewMetrics(prometheus.NewRegistry()))
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Get(t.Context(), "/books")
			ping := client.Ping(t.Context())
			client.Close()
			f, _ := errors.AsType[*fault.Error](err)
			if f == nil || f.Kind != fault.Unavailable || f.Service != "books" || ping == nil || calls.Load() != 0 {
				t.Fatalf("%v, %v, %d calls", err, ping, calls.Load())
			}
			text := err.Error() + ping.Error() + log.String()
			if strings.Contains(text, "s3cr3t") || !strings.Contains(err.Error(), "token endpoint") || !strings.Contains(log.String(), "service=books") {
				t.Error(text)
			}
		})
	}
}

func TestOAuth_Config(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg  OAuthConfig
		head string
		want string
	}{
		"none":          {OAuthConfig{}, "", ""},
		"all":           {OAuthConfig{TokenURL: "https://id.example.com/token", ClientID: "a", ClientSecret: "b"}, "", ""},
		"no URL":        {OAuthConfig{ClientID: "a"}, "", "books-oauth-token-url"},
		"a path":        {OAuthConfig{TokenURL: "/token", ClientID: "a", ClientSecret: "b"}, "", "books-oauth-token-url"},
		"no client":     {OAuthConfig{TokenURL: "https://id.example.com", ClientSecret: "b"}, "", "books-oauth-client-id"},
		"no secret":     {OAuthConfig{TokenURL: "https://id.example.com", ClientID: "b"}, "", "books-oauth-client-secret"},
		"another token": {OAuthConfig{TokenURL: "https://id.example.com", ClientID: "a", ClientSecret: "b"}, "Authorization: Basic x", "books-headers"},
	} {
		err := ServiceConfig{URL: "http://books.example.com", Headers: tt.head, OAuth: tt.cfg}.Check("books")
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// inBubble runs test with a client whose token endpoint is g, and whose service takes as long
// as slow, on a clock that is held.
func inBubble(t *testing.T, g *grants, slow time.Duration, test func(t *testing.T, c *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{
			Timeout: 2 * time.Second, MaxBody: 1000, QueueWait: time.Second / 2,
			BreakerRate: .5, BreakerCalls: 10, BreakerWindow: 10 * time.Second, BreakerDelay: time.Second,
		}
		cfg.Faults = func(string, string, http.RoundTripper) http.RoundTripper {
			return sending(func(r *http.Request) (*http.Response, error) {
				select {
				case <-time.After(slow):
					return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}, nil
				case <-r.Context().Done():
					return nil, r.Context().Err()
				}
			})
		}
		service := ServiceConfig{URL: "http://books.example.com", Health: "/up", OAuth: OAuthConfig{TokenURL: "https://id.example.com"}}
		c, err := service.NewClient("books", cfg, NewMetrics(prometheus.NewRegistry()))
		if err != nil {
			t.Fatal(err)
		}
		c.tokens.fetch = g.fetch
		defer c.Close()
		test(t, c)
	})
}

// sending adapts a function to [http.RoundTripper].
type sending func(*http.Request) (*http.Response, error)

func (f sending) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A lack of a token says nothing about the service, which was not asked: its circuit stays
// closed, and its health is unknown. As soon as there is one, calls succeed.
func TestOAuth_BlamesNoService(t *testing.T) {
	for name, g := range map[string]*grants{
		"refuses":         {err: errors.New("no")},
		"refuses late":    {err: errors.New("no"), delay: 1500 * time.Millisecond},
		"hangs":           {delay: time.Hour},
		"is not resolved": {err: fmt.Errorf("lookup: %w", context.DeadlineExceeded)},
	} {
		inBubble(t, g, 0, func(t *testing.T, c *Client) {
			t.Helper()
			var all sync.WaitGroup
			for range 40 {
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					defer cancel()
					start := time.Now()
					_, err := c.Get(ctx, "/books")
					if f, _ := errors.AsType[*fault.Error](err); f == nil || f.Kind != fault.Unavailable && f.Kind != fault.Timeout || f.Service != "books" {
						t.Errorf("it %s: %v", name, err)
					}
					if took := time.Since(start); took > 2*time.Second {
						t.Errorf("it %s: a call took %v", name, took)
					}
				})
				time.Sleep(100 * time.Millisecond)
			}
			all.Wait()
			if err := c.Ping(t.Context()); !c.circuit.isClosed() || !errors.Is(err, ErrUnknown) {
				t.Errorf("it %s: closed %t, health %v", name, c.circuit.isClosed(), err)
			}
			g.err, g.delay = nil, 0
			time.Sleep(tokenTimeout + tokenRetry)
			_, first := c.Get(t.Context(), "/books") // which may await the fetch
			if _, err := c.Get(t.Context(), "/books"); first != nil || err != nil || c.Ping(t.Context()) != nil {
				t.Errorf("it %s: afterwards %v, %v", name, first, err)
			}
		})
	}
}

// The time that a token takes is not taken from the service's.
func TestOAuth_LeavesTimeForTheService(t *testing.T) {
	inBubble(t, &grants{delay: 1900 * time.Millisecond, lifetime: 10 * time.Second}, 1900*time.Millisecond, func(t *testing.T, c *Client) {
		t.Helper()
		for range 20 {
			if _, err := c.Get(t.Context(), "/books"); err != nil {
				t.Error(err)
			}
			time.Sleep(11 * time.Second)
		}
	})
}
