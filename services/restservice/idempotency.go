package restservice

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"tributary/gateway/httpserver"
)

// Keyed is embedded in the input of an operation that takes an Idempotency-Key. See
// [Write].
type Keyed struct {
	IdempotencyKey string `header:"Idempotency-Key" minLength:"1" maxLength:"255" pattern:"^[!-~]+$" doc:"Makes the request safe to repeat: requests with the same key and body are executed once and get the same answer. Another body with the same key is refused with 422, a repetition while the first request is under way with 409." example:"5f3c1d9e-7b1a-4b53-9a39-0f6e6d2f8c11"`
}

// Write adds an operation that changes something and takes an Idempotency-Key
// (draft-ietf-httpapi-idempotency-key-header). Invalid input is refused with 422.
// Members of the body named in ignored, at any depth, are not compared between
// requests with the same key.
func Write[I, O any](s *Service, op huma.Operation, answers ResponseDocs, answer func(context.Context, *I) (*O, error), ignored ...string) {
	op.Metadata = map[string]any{ignoredMembers: ignored}
	answers = maps.Clone(answers)
	answers[http.StatusUnprocessableEntity] = "The input is not valid (errors names the members), or the Idempotency-Key was used with another body."
	if answers[http.StatusConflict] == "" {
		answers[http.StatusConflict] = "A request with the same Idempotency-Key is under way."
	}
	Route(s, op, answers, answer)
}

// ignoredMembers is the key of the metadata that marks operations of [Write].
const ignoredMembers = "idempotency-ignored"

// replayed is the header of an answer that was given before, to a request with the same key.
const replayed = "Idempotent-Replayed"

// maxKeys is how many keys are remembered. The oldest is forgotten first.
const maxKeys = 10_000

// idempotency remembers the answers of requests by their Idempotency-Key. It has two
// middleware: claim, outside of fault injection, keeps a key for as long as its request
// takes, and remember, inside, records what was executed, whether or not the answer
// reaches the client.
type idempotency struct {
	mu    sync.Mutex
	calls map[string]*keyedCall
	order []string // of calls that are done, oldest first
}

// keyedCall is a request with a key.
type keyedCall struct {
	fingerprint [sha256.Size]byte
	response    *recordedResponse // nil while the request is under way
}

type recordedResponse struct {
	status int
	header http.Header
	body   bytes.Buffer
}

type keyedCallKey struct{}

// claim answers a repeated request without executing it again.
func (i *idempotency) claim(ignored []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if key == "" {
			next.ServeHTTP(w, r)
			return
		}
		call, mine := i.join(key, fingerprint(r, ignored))
		switch {
		case call == nil:
			writeKeyProblem(w, r, http.StatusUnprocessableEntity, "Idempotency-Key is already used",
				"the Idempotency-Key was used with another request: use a new key")
		case mine:
			defer i.release(key, call)
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), keyedCallKey{}, call)))
		case call.response == nil:
			writeKeyProblem(w, r, http.StatusConflict, "A request is outstanding for this Idempotency-Key",
				"a request with this Idempotency-Key is under way: repeat it later")
		default:
			w.Header().Set(replayed, "true")
			call.response.writeTo(w)
		}
	})
}

// join returns a copy of the call that has the key, or a new one, which is the caller's
// to release. It returns nil if the key belongs to another request.
func (i *idempotency) join(key string, fingerprint [sha256.Size]byte) (call *keyedCall, mine bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	known := i.calls[key]
	switch {
	case known == nil:
		call = &keyedCall{fingerprint: fingerprint}
		i.calls[key] = call
		return call, true
	case known.fingerprint != fingerprint:
		return nil, false
	}
	found := *known
	return &found, false
}

// release keeps a call that was executed, and frees the key of one that was not.
func (i *idempotency) release(key string, call *keyedCall) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if call.response == nil {
		delete(i.calls, key)
		return
	}
	if i.order = append(i.order, key); len(i.order) > maxKeys {
		delete(i.calls, i.order[0])
		i.order = i.order[1:]
	}
}

// remember records the answer of a claimed request before it is sent, unless the service
// failed.
func (i *idempotency) remember(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call, ok := r.Context().Value(keyedCallKey{}).(*keyedCall)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		answer := &recordedResponse{status: http.StatusOK, header: http.Header{}}
		next.ServeHTTP(answer, r)
		if answer.status < http.StatusInternalServerError {
			i.mu.Lock()
			call.response = answer
			i.mu.Unlock()
		}
		answer.writeTo(w)
	})
}

// Header implements [http.ResponseWriter].
func (a *recordedResponse) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *recordedResponse) WriteHeader(status int) { a.status = status }

// Write implements [http.ResponseWriter].
func (a *recordedResponse) Write(p []byte) (int, error) { return a.body.Write(p) }

func (a *recordedResponse) writeTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}

func writeKeyProblem(w http.ResponseWriter, r *http.Request, status int, title, detail string) {
	httpserver.WriteProblem(w, r, httpserver.Problem{Title: title, Status: status, Code: codeOf(status), Detail: detail})
}

// fingerprint returns a digest of method, path and body of a request. White space and the order
// of members in the body do not matter.
func fingerprint(r *http.Request, ignored []string) [sha256.Size]byte {
	var body []byte
	if again, ok := r.Body.(*jsonBytes); ok {
		body = again.all
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // digits count, and must not be rounded
	if d.Decode(&value) == nil {
		if canonical, err := json.Marshal(without(value, ignored)); err == nil {
			body = canonical
		}
	}
	sum := sha256.New()
	_, _ = io.WriteString(sum, r.Method+" "+r.URL.EscapedPath()+"\n") // a hash takes anything
	_, _ = sum.Write(body)
	return [sha256.Size]byte(sum.Sum(nil))
}

// without removes the members with the given names from a JSON value.
func without(value any, names []string) any {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			if slices.Contains(names, name) {
				delete(v, name)
				continue
			}
			v[name] = without(member, names)
		}
	case []any:
		for i := range v {
			v[i] = without(v[i], names)
		}
	}
	return value
}
