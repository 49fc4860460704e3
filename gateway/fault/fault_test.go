package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tributary/gateway/fault"
)

func TestKinds_HaveRows(t *testing.T) {
	codes, reasons := map[string]bool{}, map[string]bool{}
	for _, k := range fault.Kinds() {
		switch {
		case k.Code() == "" || codes[k.Code()] && k != fault.Throttled: // which has that of Overloaded
			t.Errorf("kind %d has the code %q, which is none or another's", k, k.Code())
		case k.Reason() == "" || reasons[k.Reason()]:
			t.Errorf("%s has the reason %q, which is none or another's", k, k.Reason())
		case k.HTTPStatus() < 400 || k.HTTPStatus() > 599:
			t.Errorf("%s has the status %d, which is no failure", k, k.HTTPStatus())
		case !strings.HasSuffix(k.Meaning(), "."):
			t.Errorf("%s means %q, which is no sentence", k, k.Meaning())
		case k.String() != k.Code():
			t.Errorf("%s reads %q", k.Code(), k.String())
		}
		codes[k.Code()], reasons[k.Reason()] = true, true
	}
}

// Clients and dashboards rely on these.
func TestKinds_Codes(t *testing.T) {
	for kind, want := range map[fault.Kind]string{
		fault.Internal:         "INTERNAL internal 500 false",
		fault.Unavailable:      "UPSTREAM_UNAVAILABLE unavailable 503 true",
		fault.Timeout:          "UPSTREAM_TIMEOUT timeout 504 true",
		fault.InvalidResponse:  "UPSTREAM_INVALID_RESPONSE invalid_response 502 false",
		fault.Rejected:         "UPSTREAM_REJECTED rejected 502 false",
		fault.CircuitOpen:      "CIRCUIT_OPEN circuit_open 503 false",
		fault.Overloaded:       "OVERLOADED overloaded 503 false",
		fault.Throttled:        "OVERLOADED throttled 429 false",
		fault.BadUserInput:     "BAD_USER_INPUT bad_user_input 400 false",
		fault.ParseFailed:      "GRAPHQL_PARSE_FAILED parse_failed 400 false",
		fault.ValidationFailed: "GRAPHQL_VALIDATION_FAILED validation_failed 422 false",
		fault.TooComplex:       "QUERY_TOO_COMPLEX too_complex 422 false",

		fault.PersistedNotFound:    "PERSISTED_QUERY_NOT_FOUND persisted_query_not_found 404 false",
		fault.PersistedUnsupported: "PERSISTED_QUERY_NOT_SUPPORTED persisted_query_not_supported 400 false",
		fault.Untrusted:            "DOCUMENT_NOT_TRUSTED document_not_trusted 403 false",
		fault.Unauthenticated:      "UNAUTHENTICATED unauthenticated 401 false",
		fault.Forbidden:            "FORBIDDEN forbidden 403 false",
		fault.Canceled:             "CANCELED canceled 499 false",
	} {
		if got := fmt.Sprint(kind.Code(), " ", kind.Reason(), " ", kind.HTTPStatus(), " ", kind.Retryable()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got, want := len(fault.Kinds()), 18; got != want {
		t.Errorf("there are %d kinds and this test knows %d", got, want)
	}
}

func TestError_UnclassifiedIsMasked(t *testing.T) {
	secret := errors.New("dial tcp 10.0.0.7:5432: password=hunter2")
	for name, c := range map[string]struct {
		err  error
		kind fault.Kind
	}{
		"a plain error is internal":                   {secret, fault.Internal},
		"a deadline is a time-out":                    {fmt.Errorf("%w: %w", secret, context.DeadlineExceeded), fault.Timeout},
		"a cancelled context is internal":             {fmt.Errorf("%w: %w", secret, context.Canceled), fault.Internal},
		"a failure keeps its kind however it is told": {fmt.Errorf("loading: %w", fault.New(fault.Rejected, "poets", secret)), fault.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			f := fault.From(c.err)
			if f.Kind != c.kind {
				t.Errorf("kind %s, want %s", f.Kind, c.kind)
			}
			if strings.Contains(f.ClientMessage(), "10.0.0.7") || strings.Contains(f.ClientMessage(), "hunter2") {
				t.Errorf("a client reads %q", f.ClientMessage())
			}
			if !strings.Contains(f.Error(), "hunter2") {
				t.Errorf("the log lacks the cause: %q", f.Error())
			}
			if !errors.Is(f, secret) {
				t.Error("the cause is lost")
			}
		})
	}
}

func TestError_ClientGone(t *testing.T) {
	going := t.Context()
	left, leave := context.WithCancel(going)
	leave()
	late, cancel := context.WithTimeout(going, 0)
	defer cancel()
	ended := fmt.Errorf("GET poets: %w", context.Canceled)
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want string
	}{
		"an error of the end":                     {left, ended, "CANCELED "},
		"one that a service was blamed for":       {left, fault.New(fault.Unavailable, "poets", ended), "CANCELED "},
		"a defect at the same time":               {left, errors.New("cannot be"), "INTERNAL "},
		"a panic with the error of the end":       {left, fault.Recovered("", ended), "INTERNAL "},
		"a service that failed at the same time":  {left, fault.New(fault.Unavailable, "poets", nil), "UPSTREAM_UNAVAILABLE poets"},
		"an error of another's end":               {going, ended, "INTERNAL "},
		"the same, of a service":                  {going, fault.New(fault.Unavailable, "poets", ended), "UPSTREAM_UNAVAILABLE poets"},
		"time that was over, and no client's end": {late, ended, "INTERNAL "},
		"the end by time":                         {late, late.Err(), "UPSTREAM_TIMEOUT "},
	} {
		if f := fault.FromContext(c.ctx, c.err); f.Kind.Code()+" "+f.Service != c.want || !errors.Is(f, c.err) {
			t.Errorf("%s: %s of %q, want %s", name, f.Kind, f.Service, c.want)
		}
	}
}

func TestError_ClientMessage(t *testing.T) {
	for _, k := range fault.Kinds() {
		named := fault.New(k, "poets", errors.New("internals")).ClientMessage()
		nameless := fault.New(k, "", errors.New("internals")).ClientMessage()
		if strings.Contains(named+nameless, "internals") || strings.Contains(named+nameless, "  ") || nameless == "" {
			t.Errorf("%s reads %q and %q", k, named, nameless)
		}
		if about := strings.HasPrefix(k.Code(), "UPSTREAM_") || k == fault.CircuitOpen; about != strings.Contains(named, "poets") {
			t.Errorf("%s reads %q", k, named)
		}
	}
	if got := fault.BadUserInputf("an id has at most %d bytes", 256).ClientMessage(); got != "an id has at most 256 bytes" {
		t.Errorf("bad input reads %q", got)
	}
}

func Example() {
	// Where it arises, a failure gets its kind and keeps its cause.
	err := fmt.Errorf("loading a poet: %w", fault.New(fault.Unavailable, "poets", errors.New("connection refused")))

	// Where it leaves, the kind says all that a client may know.
	f := fault.From(err)
	fmt.Println(f.Kind.Code(), f.Kind.HTTPStatus())
	fmt.Println("client:", f.ClientMessage())
	fmt.Println("log:", f.Error())
	// Output:
	// UPSTREAM_UNAVAILABLE 503
	// client: the poets service is unavailable
	// log: the poets service is unavailable: connection refused
}
