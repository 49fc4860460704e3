package upstream_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"tributary/gateway/upstream"
)

// Strings that are not valid UTF-8 are refused wherever they are decoded; members that are
// ignored need only be JSON.
func TestDecode_InvalidUTF8(t *testing.T) {
	type id string
	type inner struct {
		Name *string `json:"name"`
	}
	type thing struct {
		ID     string            `json:"id"`
		Kind   id                `json:"kind"`
		Parts  []inner           `json:"parts"`
		Labels map[string]string `json:"labels"`
		Any    any               `json:"any"`
		Since  time.Time         `json:"since"`
		Raw    json.RawMessage   `json:"raw"`
	}
	for text, valid := range map[string]bool{
		"plain": true, `\u00e9`: true, "\u00e9": true, `\ud83d\ude00`: true, "\ufffd": true, `\ufffd`: true, "": true, `\"\\`: true,
		"\xff": false, "a\xe9": false, `\ud83d`: false, `\ude00`: false, `\ud83dx`: false, `\ude00\ud83d`: false, "\xed\xa0\x80": false,
	} {
		for place, decoded := range map[string]bool{
			`{"id":"%s"}`: true, `{"kind":"%s"}`: true, `{"parts":[{},{"name":"%s"}]}`: true, `{"labels":{"a":"%s"}}`: true, `{"labels":{"%s":"a"}}`: true,
			`{"any":"%s"}`: true, `{"any":[{"a":"%s"}]}`: true, `{"raw":"%s"}`: true,
			`{"ignored":"%s"}`: false, `{"ignored":{"%s":1},"id":"a"}`: false, `{"%s":1}`: false, `{"parts":[{"other":["%s"]}],"since":"2026-01-02T03:04:05Z"}`: false,
		} {
			body := fmt.Sprintf(place, text)
			var one thing
			if err := upstream.DecodeObject([]byte(body), &one); (err == nil) != (valid || !decoded) {
				t.Errorf("%q: %v", body, err)
			}
			var many []*thing
			if err := upstream.DecodeList([]byte("[{},"+body+"]"), &many); (err == nil) != (valid || !decoded) {
				t.Errorf("a list of %q: %v", body, err)
			}
		}
	}
	var one thing
	quiet(t, "bad UTF-8", upstream.DecodeObject([]byte(`{"parts":[{"name":"`+secret+"\xff"+`"}]}`), &one), `"/parts/0/name": not valid UTF-8`)
	quiet(t, "a wrong type beside", upstream.DecodeObject([]byte(`{"x":"`+"\xff"+`","id":`+secret+`}`), &one), `"/id": want`)
}
