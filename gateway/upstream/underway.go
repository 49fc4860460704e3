package upstream

import (
	"encoding/json"
	"strings"
)

// underWayWords are those by which services say with a 409 that a request with the same
// Idempotency-Key is under way. There is no standard for it. A word too many makes the outcome
// of a refusal unknown, and one too few says that nothing was executed while it is.
var underWayWords = []string{
	"key", "idempoten", "under way", "underway", "outstanding", "progress", "in flight", "inflight", "ongoing",
	"process", "concurren", "simultaneous", "parallel", "duplica", "pending", "retry", "try again",
}

// saysUnderWay reports whether a 409 may say so: with one of these words in a member of its
// problem, or because it gives no reason at all.
func saysUnderWay(got reply) bool {
	reasons := reasonsOf(got)
	if len(reasons) == 0 {
		return true
	}
	text := strings.Join(reasons, " ")
	for _, word := range underWayWords {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// separators of words in codes and in types, such as request_in_progress.
var separators = strings.NewReplacer("_", " ", "-", " ", "/", " ", ".", " ")

// reasonsOf returns the texts by which a problem says what is wrong (RFC 9457), also where
// they are members of an error, as other forms have it: in small letters, with blanks between
// words.
func reasonsOf(got reply) (reasons []string) {
	var body map[string]json.RawMessage
	if !isJSONMedia(got.header.Get("Content-Type")) || json.Unmarshal(got.body, &body) != nil {
		return nil
	}
	add := func(members map[string]json.RawMessage) {
		for _, name := range []string{"type", "title", "detail", "code", "message", "error", "reason"} {
			if text := problemText(members[name]); text != "" && text != "about:blank" {
				reasons = append(reasons, strings.ToLower(separators.Replace(text)))
			}
		}
	}
	add(body)
	var inner map[string]json.RawMessage
	if json.Unmarshal(body["error"], &inner) == nil {
		add(inner)
	}
	return reasons
}
