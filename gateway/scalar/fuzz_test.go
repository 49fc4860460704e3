package scalar_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"testing"
	"time"
	"unicode/utf8"

	"tributary/gateway/scalar"
)

// What a Decimal takes is a JSON number, and it comes out as it went in.
func FuzzDecimal(f *testing.F) {
	for _, seed := range []string{"0", " -1.50 ", "1e9", "01", "null", `"1"`, "[1]", "-"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var d scalar.Decimal
		if json.Unmarshal(in, &d) != nil {
			return
		}
		out, err := json.Marshal(d)
		var number json.Number
		if err != nil || json.Unmarshal(out, &number) != nil || !bytes.Equal(out, bytes.Trim(in, " \t\r\n")) {
			t.Fatalf("%q came out as %q (%v)", in, out, err)
		}
	})
}

// What a DateTime takes comes out as RFC 3339 to the letter, in JSON that can be
// read, and is taken as it is from then on.
func FuzzDateTime(f *testing.F) {
	for _, seed := range []string{
		"2026-11-24T12:00:00Z", "2026-11-24 12:00:00", "2026-11-24T12:00:00,5", "0000-01-01T00:00:00+23:59", "",
		"2026-11-24t1:30:00.5z", "2016-12-31T23:59:60Z", "9999-12-31 18:59:60-0500", "2026-11-24 12:00:00+00", "2026-11-24T12:00:00+23:60",
	} {
		f.Add(seed)
	}
	form := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)
	f.Fuzz(func(t *testing.T, in string) {
		d, err := scalar.ParseDateTime(in)
		if err != nil {
			return
		}
		if _, err := time.Parse(time.RFC3339, string(d)); err != nil || !form.MatchString(string(d)) {
			t.Fatalf("%q became %q: %v", in, d, err)
		}
		b, err := json.Marshal(d)
		var again scalar.DateTime
		if err != nil || json.Unmarshal(b, &again) != nil || again != d {
			t.Fatalf("%q came back as %q (%v)", d, again, err)
		}
	})
}

// An id that passes is 1 to 256 bytes of UTF-8 without a byte that breaks a line or a header.
func FuzzCheckID(f *testing.F) {
	for _, seed := range []string{"author1", "", "a\n", "\xff", "я"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if scalar.CheckID(id) != nil {
			return
		}
		if id == "" || len(id) > 256 || !utf8.ValidString(id) {
			t.Fatalf("%q passed", id)
		}
		for i := range len(id) {
			if id[i] < ' ' || id[i] == 0x7f {
				t.Fatalf("%q passed", id)
			}
		}
	})
}
