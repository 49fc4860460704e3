package upstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"tributary/gateway/fault"
)

// OAuthConfig has the settings of the gateway's own credentials for one service: the client
// credentials grant of OAuth 2 (RFC 6749, section 4.4). The assembly sets the variables in
// the tags.
type OAuthConfig struct {
	TokenURL     string   `name:"oauth-token-url" help:"Token endpoint of OAuth 2, from which the gateway gets a token of its own for the ${service} service (client credentials grant). Empty: none." secret:""`
	ClientID     string   `name:"oauth-client-id" help:"Client id of the gateway at the token endpoint for the ${service} service."`
	ClientSecret string   `name:"oauth-client-secret" help:"Client secret of the gateway at the token endpoint for the ${service} service." secret:""`
	Scopes       []string `name:"oauth-scopes" placeholder:"SCOPE,..." help:"Scopes of the gateway's token for the ${service} service. Empty: those that the token endpoint grants."`
}

func (c OAuthConfig) check(service string) error {
	if c.TokenURL == "" {
		if c.ClientID != "" || c.ClientSecret != "" || len(c.Scopes) > 0 {
			return fmt.Errorf("%s-oauth-token-url must be set if other %s-oauth settings are", service, service)
		}
		return nil
	}
	if u, err := url.Parse(c.TokenURL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fmt.Errorf("%s-oauth-token-url must be a URL with https:// or http:// and a host", service)
	}
	if c.ClientID == "" || c.ClientSecret == "" {
		return fmt.Errorf("%s-oauth-token-url needs %s-oauth-client-id and %s-oauth-client-secret", service, service, service)
	}
	return nil
}

// The life of a token: it is renewed when a fifth of its time is left, at most five minutes
// before it expires, while it is still used.
const (
	tokenAhead     = 5 * time.Minute
	tokenAheadPart = 5
	tokenTimeout   = 5 * time.Second // of a fetch
	tokenRetry     = time.Second     // between a fetch that failed and the next
	tokenRevoked   = 10 * time.Second
)

// tokens are the tokens that the gateway gets for one service, one at a time for all calls.
// It is safe for concurrent use.
type tokens struct {
	service string
	fetch   func(context.Context) (*oauth2.Token, error)
	log     *slog.Logger

	mu       sync.Mutex
	current  *oauth2.Token // nil if there is none
	got      time.Time     // when current was, or a fetch failed last
	failed   error         // of the last fetch
	fetching chan struct{} // closed when the fetch under way has ended; nil if there is none

	patience time.Duration   // how long a call waits for a token
	closed   context.Context //nolint:containedctx // ends with the client of the service
	cancel   context.CancelFunc
	work     sync.WaitGroup
}

// newTokens returns nil if cfg has no token endpoint. Calls wait for a token for patience at
// most.
func newTokens(service string, cfg OAuthConfig, patience time.Duration, log *slog.Logger) *tokens {
	if cfg.TokenURL == "" {
		return nil
	}
	grant := &clientcredentials.Config{ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, TokenURL: cfg.TokenURL, Scopes: cfg.Scopes}
	client := &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}, // fetches are minutes apart
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	t := &tokens{service: service, patience: patience, log: log, fetch: func(ctx context.Context) (*oauth2.Token, error) {
		return grant.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
	}}
	t.closed, t.cancel = context.WithCancel(context.Background())
	return t
}

// close ends the fetch under way.
func (t *tokens) close() {
	if t == nil {
		return
	}
	t.mu.Lock()
	t.cancel()
	t.mu.Unlock()
	t.work.Wait()
}

// get returns a token that is valid, and renews it ahead. It waits for a fetch only if there
// is none.
func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	now := time.Now()
	token := t.current
	if token != nil && !token.Expiry.IsZero() && !now.Before(token.Expiry) {
		token = nil
	}
	spaced := t.failed == nil || now.Sub(t.got) >= tokenRetry
	if (token == nil || t.isDue(now)) && t.fetching == nil && spaced && t.closed.Err() == nil {
		t.start()
	}
	pending, failed := t.fetching, t.failed
	t.mu.Unlock()
	if token != nil {
		return token.AccessToken, nil
	}
	if pending != nil {
		if err := t.wait(ctx, pending); err != nil {
			return "", err
		}
		t.mu.Lock()
		token, failed = t.current, t.failed
		t.mu.Unlock()
	}
	if failed != nil || token == nil {
		return "", fault.New(fault.Unavailable, t.service, errors.Join(errNoToken, failed))
	}
	return token.AccessToken, nil
}

// errNoToken is the cause when an attempt was not made for lack of a token. It says nothing
// about the service's health.
var errNoToken = errors.New("the token endpoint returned no token for this service")

// wait waits for a fetch.
func (t *tokens) wait(ctx context.Context, fetch <-chan struct{}) error {
	timer := time.NewTimer(t.patience)
	defer timer.Stop()
	select {
	case <-fetch:
		return nil
	case <-timer.C:
	case <-ctx.Done():
		if errors.Is(context.Cause(ctx), context.Canceled) {
			return context.Cause(ctx)
		}
	}
	return fault.New(fault.Timeout, t.service, errNoToken)
}

// isDue reports whether the present token is to be renewed. The caller holds mu.
func (t *tokens) isDue(now time.Time) bool {
	if t.current.Expiry.IsZero() {
		return false
	}
	ahead := min(tokenAhead, t.current.Expiry.Sub(t.got)/tokenAheadPart)
	return !now.Before(t.current.Expiry.Add(-ahead))
}

// start starts a fetch. The caller holds mu.
func (t *tokens) start() {
	done := make(chan struct{})
	t.fetching = done
	t.work.Go(func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(t.closed, tokenTimeout)
		defer cancel()
		token, err := t.fetch(ctx)
		err = withoutSecrets(err)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.fetching = nil
		switch {
		case t.closed.Err() != nil:
		case err != nil && t.failed == nil:
			t.log.Warn("cannot get a token for a service", "service", t.service, "error", err.Error())
		case err == nil && t.failed != nil:
			t.log.Info("a token for a service was obtained again", "service", t.service)
		}
		t.got, t.failed = time.Now(), err
		if err == nil {
			t.current = token
		}
	})
}

// drop makes the next call get another token, if the service has refused this one and it is
// not quite new.
func (t *tokens) drop(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil && t.current.AccessToken == token && time.Since(t.got) >= tokenRevoked {
		t.current = nil
	}
}

// withoutSecrets returns the error of a fetch without the text of the response, which may
// repeat what was sent, and without the URL.
func withoutSecrets(err error) error {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		code := refused.ErrorCode
		if strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" || len(code) > 64 {
			code = ""
		}
		return fmt.Errorf("the token endpoint answered %s %s", refused.Response.Status, code)
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("the token endpoint: %w", failed.Err)
	}
	if err != nil {
		return errors.New("the token endpoint returned an invalid response")
	}
	return nil
}

// authorize adds the gateway's own token to each request of a service that has one.
func authorize(t *tokens, next roundTrip) roundTrip {
	if t == nil {
		return next
	}
	return func(r *http.Request) reply {
		token, err := t.get(r.Context())
		if err != nil {
			return noReply(t.service, err)
		}
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+token)
		got := next(r)
		if got.status == http.StatusUnauthorized {
			t.drop(token)
		}
		return got
	}
}
