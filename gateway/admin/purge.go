package admin

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"tributary/gateway/entitycache"
)

const (
	maxPurgeBody = 1 << 20
	maxTags      = 1000
)

// Purge removes entries from the caches of all gateways:
//
//	POST /admin/purge   {"tags": ["book:b1", "author"]}
//
// A tag is an entity, a kind, or "*" for everything. 200 means that none of it is
// served any more, on other gateways after some milliseconds; 503 that this
// gateway has removed it but could not reach the shared cache, and will when it can.
func Purge(c *entitycache.Cache, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !requireJSON(w, r) {
			return
		}
		tags, err := readTags(http.MaxBytesReader(w, r.Body, maxPurgeBody), c.Kinds())
		if err != nil {
			writeBadBody(w, r, err)
			return
		}
		err = c.Purge(r.Context(), tags...)
		log.LogAttrs(r.Context(), slog.LevelInfo, "purged", slog.Int("tags", len(tags)), slog.Bool("everywhere", err == nil))
		writePurgeResult(w, tags, err)
	})
}

// purgeResult is the body of the response to a purge.
type purgeResult struct {
	Purged    []string `json:"purged"`
	Unreached []string `json:"unreached"` // parts that may give it out until its time is over
	Detail    string   `json:"detail,omitempty"`
}

func writePurgeResult(w http.ResponseWriter, tags []string, err error) {
	out, status := purgeResult{Purged: tags, Unreached: []string{}}, http.StatusOK
	if err != nil {
		status = http.StatusServiceUnavailable
		out.Unreached = []string{"redis"}
		out.Detail = "purged on this gateway; redis could not be reached, so other gateways may serve it until this gateway reaches redis again, or until its TTL has passed"
	}
	writeJSON(w, status, out)
}

var errNoTags = errors.New(`the body must be a JSON object like {"tags": ["book:b1", "author"]}, or {"tags": ["*"]} for everything`)

// readTags reads the tags of a purge, which must mean something that there is.
func readTags(body io.Reader, kinds []string) ([]string, error) {
	var in struct {
		Tags []string `json:"tags"`
	}
	if err := decode(body, &in); err != nil || len(in.Tags) == 0 {
		return nil, errNoTags
	}
	if len(in.Tags) > maxTags {
		return nil, fmt.Errorf("there are %d tags, more than %d", len(in.Tags), maxTags)
	}
	for _, tag := range in.Tags {
		if kind, id, entity := strings.Cut(tag, ":"); tag != entitycache.PurgeAll && !slices.Contains(kinds, kind) {
			return nil, fmt.Errorf("tag %q: unknown kind %q: want one of %s", tag, kind, strings.Join(kinds, ", "))
		} else if entity && id == "" {
			return nil, fmt.Errorf("tag %q has no id: want %s:ID", tag, kind)
		}
	}
	return in.Tags, nil
}
