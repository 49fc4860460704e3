package upstream

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
)

// mayBeNotFound reports whether a status means that the resource does not exist, unless
// the body is a page.
func mayBeNotFound(status int) bool {
	return status == http.StatusNotFound || status == http.StatusGone
}

// isPage reports whether a body is text or HTML for people to read, by its Content-Type, or by
// its first bytes if there is none. JSON is not, whatever its Content-Type, and neither is an
// empty body.
func isPage(contentType string, body []byte) bool {
	if isBlank(body) || isJSONText(body) {
		return false
	}
	media, _, _ := mime.ParseMediaType(contentType)
	if media == "" {
		media, _, _ = mime.ParseMediaType(http.DetectContentType(body))
	}
	return media == "application/xhtml+xml" || strings.HasPrefix(media, "text/") && !strings.HasSuffix(media, "json")
}

func isBlank(body []byte) bool { return len(bytes.TrimSpace(body)) == 0 }

func isJSONText(body []byte) bool {
	return (startsWith(body, '{') || startsWith(body, '[')) && json.Valid(body)
}
