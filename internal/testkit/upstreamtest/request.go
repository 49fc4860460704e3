package upstreamtest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path"
)

// idsOf returns the ids that a call requests.
func idsOf(r *http.Request) []string {
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var question struct {
			ProductIDs []string `json:"product_ids"`
		}
		_ = json.Unmarshal(body, &question)
		return question.ProductIDs
	}
	id, err := url.PathUnescape(path.Base(r.URL.EscapedPath()))
	if err != nil {
		return []string{""}
	}
	return []string{id}
}

type idsKey struct{}

func withIDs(ctx context.Context, ids []string) context.Context {
	return context.WithValue(ctx, idsKey{}, ids)
}

func idsFrom(ctx context.Context) []string { return ctx.Value(idsKey{}).([]string) }
