package scalar_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tributary/gateway/fault"
	"tributary/gateway/scalar"
)

func TestDecimal_KeepsDigits(t *testing.T) {
	for _, digits := range []string{"0", "-0", "10.50", "0.1", "1e400", "-1.5E-7", "12345678901234567890.12345678901234567890"} {
		var d scalar.Decimal
		if err := json.Unmarshal([]byte(digits), &d); err != nil {
			t.Errorf("%s: %v", digits, err)
		}
		var out strings.Builder
		d.MarshalGQL(&out)
		if again, err := json.Marshal(d); string(again) != digits || err != nil || out.String() != digits {
			t.Errorf("%s became %s in JSON (%v), %s in GraphQL", digits, again, err, &out)
		}
	}
	if b, err := json.Marshal(scalar.Decimal("")); string(b) != "0" || err != nil {
		t.Errorf("the zero value is %s (%v)", b, err)
	}
}

func TestDecimal_Invalid(t *testing.T) {
	for _, in := range []string{`null`, `"10.50"`, `true`, `{}`, `[1]`, `""`} {
		d := scalar.Decimal("7")
		if err := json.Unmarshal([]byte(in), &d); err == nil {
			t.Errorf("%s was taken for %s", in, d)
		}
	}
	for in, want := range map[any]string{json.Number("10.50"): "10.50", int64(3): "3", 0.5: "0.5"} {
		var d scalar.Decimal
		if err := d.UnmarshalGQL(in); err != nil || d.String() != want {
			t.Errorf("%v became %s (%v)", in, d, err)
		}
	}
	for _, in := range []any{"10.50", nil, true} {
		var d scalar.Decimal
		if err := d.UnmarshalGQL(in); err == nil {
			t.Errorf("%v was taken for %s", in, d)
		}
	}
}

func TestInt_Forms(t *testing.T) {
	for in, want := range map[string]scalar.Int{
		"2": 2, "-2": -2, "0": 0, "-0": 0, "2.0": 2, "-2.000": -2, "1e2": 100, "1.5E+1": 15, "20e-1": 2, "0.2e1": 2,
		"0.0": 0, "0e999999999": 0, "2147483647.0": 2147483647, "-2147483648": -2147483648, "-21474836480e-1": -2147483648,
	} {
		var i scalar.Int
		if err := json.Unmarshal([]byte(in), &i); err != nil || i != want {
			t.Errorf("%s became %d (%v)", in, i, err)
		}
	}
	for _, in := range []string{
		`2.5`, `1e-1`, `20.01`, `2147483648`, `2147483648.0`, `1e10`, `1e999999999`, `1e-999999999`, `1e99999999999999999999`,
		`"2"`, `true`, `{}`, `[2]`, `""`,
	} {
		var i scalar.Int
		if err := json.Unmarshal([]byte(in), &i); err == nil {
			t.Errorf("%s was taken for %d", in, i)
		}
	}
}

func TestDateTime_RFC3339(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-24T12:00:00Z":         "2026-11-24T12:00:00Z",
		"2026-11-24T12:00:00.5+03:00":  "2026-11-24T12:00:00.5+03:00",
		"2026-11-24T12:00:00.123456":   "2026-11-24T12:00:00.123456Z",
		"2026-11-24 12:00:00":          "2026-11-24T12:00:00Z",
		"2026-11-24 12:00:00.50+03:00": "2026-11-24T12:00:00.5+03:00",
		"2026-11-24 12:00:00Z":         "2026-11-24T12:00:00Z",
		"2026-11-24t12:00:00z":         "2026-11-24T12:00:00Z",
		"2026-11-24T1:30:00Z":          "2026-11-24T01:30:00Z",
		"2026-11-24T12:00:00,5Z":       "2026-11-24T12:00:00.5Z",
		"2026-11-24T12:00:00-0330":     "2026-11-24T12:00:00-03:30",
		"2026-11-24 12:00:00+00":       "2026-11-24T12:00:00Z",
		"2026-11-24T12:00:00+00:00":    "2026-11-24T12:00:00+00:00",
		"2016-12-31T23:59:60Z":         "2017-01-01T00:00:00Z",
		"2017-01-01T05:29:60.25+05:30": "2017-01-01T05:30:00.25+05:30",
		"2016-12-31 23:59:60":          "2017-01-01T00:00:00Z",
		"2016-12-31T12:34:60Z":         "",
		"2016-12-31T23:60:00Z":         "",
		"9999-12-31T23:59:60Z":         "",
		"2026-11-24T24:00:00Z":         "",
		"2026-11-24T12:00:00+24:00":    "",
		"2026-11-24T12:00:00+23:60":    "",
		"2026-11-24T12:00Z":            "",
		"":                             "",
		"2026-11-24":                   "",
		"2026-13-24T12:00:00Z":         "",
		"2026-02-29T12:00:00Z":         "",
		"yesterday":                    "",
		"2026-11-24T12:00:00Z\" or \"": "",
	} {
		var byGraph scalar.DateTime
		got, err := scalar.ParseDateTime(in)
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%q became %q (%v), want %q", in, got, err, want)
		}
		if err := byGraph.UnmarshalGQL(in); string(byGraph) != want || (err == nil) != (want != "") {
			t.Errorf("in GraphQL %q became %q (%v), want %q", in, byGraph, err, want)
		}
	}
	for _, in := range []string{`null`, `1764000000`, `{}`, `""`} {
		var d scalar.DateTime
		if err := json.Unmarshal([]byte(in), &d); err == nil {
			t.Errorf("%s was taken for %q", in, d)
		}
	}
	if err := new(scalar.DateTime).UnmarshalGQL(int64(1)); err == nil {
		t.Error("a number was taken for a time")
	}
}

func TestID_Valid(t *testing.T) {
	for name, c := range map[string]struct {
		id string
		ok bool
	}{
		"letters and digits":        {"author1", true},
		"a path and a query":        {"../a/b?c=d#e%2f", true},
		"letters of any script":     {"пользователь", true},
		"the longest":               {strings.Repeat("a", scalar.MaxIDBytes), true},
		"nothing":                   {"", false},
		"one byte too long":         {strings.Repeat("a", scalar.MaxIDBytes+1), false},
		"too long in bytes":         {strings.Repeat("я", scalar.MaxIDBytes/2+1), false},
		"not UTF-8":                 {"a\xff", false},
		"a line break":              {"a\nb", false},
		"a NUL":                     {"a\x00", false},
		"a control character of C1": {"a\u0085", false},
	} {
		err := scalar.CheckID(c.id)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (fault.From(err).Kind != fault.BadUserInput || c.id != "" && strings.Contains(err.Error(), c.id)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
