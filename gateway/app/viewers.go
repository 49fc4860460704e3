package app

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"tributary/gateway/admin"
	"tributary/gateway/admission"
	"tributary/gateway/auth"
	"tributary/gateway/engine/stream"
	"tributary/gateway/fault"
	"tributary/gateway/forward"
	"tributary/gateway/httpserver"
)

// viewers find out who asks, and forward headers for them. They are the
// [stream.SignIn] of WebSockets.
type viewers struct {
	auth      *auth.Authenticator
	forward   *forward.Forwarder
	operators *admin.Mux
	addrs     *httpserver.ClientAddrs // nil if the number of a client's operations has no limit
}

func newViewers(cfg gatewayConfig, a *auth.Authenticator, operators *admin.Mux) (*viewers, error) {
	var addrs *httpserver.ClientAddrs
	if cfg.GraphQL.Admission.PerClient > 0 {
		var err error
		if addrs, err = httpserver.NewClientAddrs(cfg.Server.TrustedProxies); err != nil {
			return nil, usageError{err}
		}
	}
	return &viewers{auth: a, operators: operators, addrs: addrs, forward: forward.New(cfg.Forward, forward.Options{
		Services: cfg.serviceNames(), RequestID: httpserver.RequestID, Operator: operators.IsOperator,
	})}, nil
}

// refusals answer requests that are not executed, in the form of an API.
type refusals struct {
	fault  func(w http.ResponseWriter, r *http.Request, err error)
	header func(w http.ResponseWriter, r *http.Request, reason error)
}

// handler is middleware for the routes of an API. Requests for which later is true may send
// their token after the request; it may be nil.
func (v *viewers) handler(refuse refusals, later func(*http.Request) bool) func(http.Handler) http.Handler {
	authenticated := v.auth.Handler(auth.HandlerOptions{Operator: v.operators.IsOperator, Later: later, Refuse: refuse.fault})
	forwarded := v.forward.Handler(refuse.header)
	return func(next http.Handler) http.Handler { return authenticated(v.counted(forwarded(next))) }
}

// counted is middleware that names the client of a request, for the limit of its operations.
func (v *viewers) counted(next http.Handler) http.Handler {
	if v.addrs == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if viewer := auth.From(ctx); viewer != nil {
			ctx = withClient(ctx, viewer)
		} else if addr := v.addrs.Of(r); addr.IsValid() {
			ctx = admission.WithClient(ctx, "address "+addr.String())
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// withClient names the client whom a token speaks for. Tokens of one subject with other
// scopes, of which a client may have any number, are the same client's.
func withClient(ctx context.Context, viewer *auth.Viewer) context.Context {
	return admission.WithClient(ctx, "viewer "+strconv.Quote(viewer.Issuer)+" "+viewer.Subject)
}

// SignIn implements [stream.SignIn].
func (v *viewers) SignIn(ctx context.Context, authorization string) (context.Context, error) {
	before := auth.From(ctx)
	if authorization == "" {
		if before != nil {
			return ctx, nil
		}
		_, err := v.auth.Authenticate(ctx, nil)
		return ctx, err
	}
	if v.operators.IsOperator(&http.Request{Header: http.Header{"Authorization": {authorization}}}) {
		return ctx, nil
	}
	viewer, err := v.auth.Authenticate(ctx, []string{authorization})
	switch {
	case err != nil:
		return ctx, err
	case before != nil && (viewer == nil || viewer.Key() != before.Key()):
		return ctx, &fault.Error{Kind: fault.Unauthenticated, Message: "the tokens of connection_init and of the request belong to different viewers"}
	case viewer != nil:
		ctx = withClient(auth.With(ctx, viewer), viewer)
	}
	return forward.Authorize(ctx, authorization)
}

// Check implements [stream.SignIn].
func (v *viewers) Check(ctx context.Context) error {
	if viewer := auth.From(ctx); viewer != nil && viewer.Expired(time.Now(), v.auth.Leeway()) {
		return &fault.Error{Kind: fault.Unauthenticated, Message: "the token has expired: connect again with a fresh one"}
	}
	return nil
}

var _ stream.SignIn = (*viewers)(nil)
