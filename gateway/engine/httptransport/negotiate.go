package httptransport

import (
	"cmp"
	"net/http"
	"strings"

	"tributary/gateway/internal/qvalue"
)

// The media types of responses. [MediaEvents] is for package stream.
const (
	MediaGraphQL   = "application/graphql-response+json"
	MediaJSON      = "application/json"
	MediaEvents    = "text/event-stream"
	mediaMultipart = "multipart/mixed"
	mediaAny       = "*/*"
)

// deferSpec is the form of incremental delivery that the number names, which is what clients
// have agreed on.
const deferSpec = "20220824"

// Accept is what the Accept header of a request says about the response (RFC 9110, section
// 12.5.1).
type Accept struct {
	// Media is the type of a single response: the one with the highest quality, and among
	// equals MediaGraphQL if it is listed. Clients that accept anything get MediaJSON, because
	// old ones know nothing else. It is "" if neither is acceptable.
	Media string
	// Multipart is whether the client accepts incremental delivery in parts, in the form of
	// this server and no other.
	Multipart bool
	// Events is whether the client lists server-sent events and prefers no other media type.
	// Clients that list everything they support, for every operation, get a single response.
	Events bool
}

// ParseAccept reads the Accept header of a request.
func ParseAccept(h http.Header) Accept {
	accept := strings.Join(h["Accept"], ",")
	switch strings.TrimSpace(accept) {
	case "", MediaJSON, mediaAny: // what most clients say needs no parsing
		return Accept{Media: MediaJSON}
	case MediaGraphQL:
		return Accept{Media: MediaGraphQL}
	}
	graphqlQ, graphqlRank := quality(h, MediaGraphQL)
	jsonQ, _ := quality(h, MediaJSON)
	var a Accept
	listed := strings.ToLower(accept)
	if strings.Contains(listed, MediaEvents) {
		q, rank := quality(h, MediaEvents)
		a.Events = rank == rankExact && q > 0 && q > max(graphqlQ, jsonQ)
	}
	if strings.Contains(listed, mediaMultipart) {
		a.Multipart = acceptsMultipart(h)
	}
	switch {
	case graphqlQ == 0 && jsonQ == 0:
	case graphqlQ > jsonQ, graphqlQ == jsonQ && graphqlRank == rankExact:
		a.Media = MediaGraphQL
	default:
		a.Media = MediaJSON
	}
	return a
}

// AcceptsEvents is the Events of [ParseAccept], without reading the whole of a header that does
// not list them.
func AcceptsEvents(h http.Header) bool {
	for _, accept := range h["Accept"] {
		if strings.Contains(strings.ToLower(accept), MediaEvents) {
			return ParseAccept(h).Events
		}
	}
	return false
}

// MediaOr returns the type of a single response, or otherwise if none is acceptable: an error
// is better sent in another type than not at all.
func (a Accept) MediaOr(otherwise string) string { return cmp.Or(a.Media, otherwise) }

// acceptsMultipart reports whether a client accepts a response in parts, and no other form of
// them than that of [deferSpec].
func acceptsMultipart(h http.Header) bool {
	for accepted := range qvalue.Ranges(h["Accept"]) {
		if accepted.Name != mediaMultipart {
			continue
		}
		spec, named := accepted.Params["deferspec"]
		other := accepted.Params["subscriptionspec"] + accepted.Params["incrementalspec"]
		if accepted.Weight > 0 && ((named && spec == deferSpec) || (!named && other == "")) {
			return true
		}
	}
	return false
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

// contentType is the value of Content-Type for a media type of a single response. It does not
// allocate.
func contentType(media string) string {
	const utf8 = "; charset=utf-8"
	if media == MediaGraphQL {
		return MediaGraphQL + utf8
	}
	return MediaJSON + utf8
}
