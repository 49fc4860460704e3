package graphqlserver

import (
	"net/http"
	"slices"
	"strings"

	"tributary/gateway/internal/qvalue"
)

// The media types of answers.
const (
	mediaGraphQL = "application/graphql-response+json"
	mediaJSON    = "application/json"
	mediaAny     = "*/*"
)

// contentType is the value of Content-Type for a media type: of those above
// without an allocation.
func contentType(media string) string {
	const utf8 = "; charset=utf-8"
	switch media {
	case mediaJSON:
		return mediaJSON + utf8
	case mediaGraphQL:
		return mediaGraphQL + utf8
	}
	return media + utf8
}

// names reports whether an Accept header may contain a media type. It is a cheap check
// that most requests fail.
func names(h http.Header, mediaType string) bool {
	return slices.ContainsFunc(h["Accept"], func(accept string) bool {
		return strings.Contains(strings.ToLower(accept), mediaType)
	})
}

// negotiate returns the media type of the response (RFC 9110, section 12.5.1): the one
// with the highest quality, and among equals mediaGraphQL if it is listed. Clients that
// accept anything get mediaJSON, because old ones know nothing else. It is "" if none is
// acceptable.
func negotiate(h http.Header) string {
	accept := strings.Join(h["Accept"], ",")
	switch strings.TrimSpace(accept) {
	case "", mediaJSON, mediaAny: // what most say need not be taken apart
		return mediaJSON
	case mediaGraphQL:
		return mediaGraphQL
	}
	graphqlQ, graphqlRank := quality(h, mediaGraphQL)
	jsonQ, _ := quality(h, mediaJSON)
	switch {
	case graphqlQ == 0 && jsonQ == 0:
		return ""
	case graphqlQ > jsonQ, graphqlQ == jsonQ && graphqlRank == rankExact:
		return mediaGraphQL
	}
	return mediaJSON
}

// How exactly a range of an Accept header names a media type.
const (
	rankNone = iota
	rankAny
	rankType
	rankExact
)

// quality returns the quality that an Accept header assigns to a media type, by the
// most specific range that matches.
func quality(h http.Header, mediaType string) (q float64, rank int) {
	major, _, _ := strings.Cut(mediaType, "/")
	for accepted := range qvalue.Ranges(h["Accept"]) {
		r := rankNone
		switch accepted.Name {
		case mediaType:
			r = rankExact
		case major + "/*":
			r = rankType
		case "*/*":
			r = rankAny
		}
		if charset, ok := accepted.Params["charset"]; ok && !isUTF8(charset) {
			r = rankNone
		}
		if r <= rank {
			continue
		}
		rank, q = r, accepted.Weight
	}
	return q, rank
}

func isUTF8(charset string) bool {
	return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}
