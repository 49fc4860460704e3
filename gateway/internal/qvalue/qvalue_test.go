package qvalue_test

import (
	"fmt"
	"strings"
	"testing"

	"tributary/gateway/internal/qvalue"
)

func TestParse_Weights(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "0.000": 0, "0.5": 0.5, "1": 1, "1.000": 1,
		"": -1, "junk": -1, "2": -1, "-1": -1, "NaN": -1, "Inf": -1, "1e-1": -1, "0x1p-1": -1, "0_1": -1, ".": -1, "0.5.5": -1,
	} {
		got, ok := qvalue.Parse(text)
		if ok != (want >= 0) || got != max(want, 0) {
			t.Errorf("q=%s: %v, %v", text, got, ok)
		}
	}
}

func TestRanges_AsTheyStand(t *testing.T) {
	for values, want := range map[string]string{
		"":                                     "",
		"text/html":                            "text/html 1",
		"Text/HTML;Q=0.5, */* ; q=0.1":         "text/html 0.5 */* 0.1",
		"gzip;q=0|zstd , br;q=2":               "gzip 0 zstd 1 br 0",
		"a b, text/html;level=1;q=1.000, ,;;":  "text/html 1 level=1",
		`multipart/mixed;deferSpec="20220824"`: "multipart/mixed 1 deferspec=20220824",
	} {
		var got []string
		for r := range qvalue.Ranges(strings.Split(values, "|")) {
			got = append(got, r.Name, fmt.Sprint(r.Weight))
			for name, value := range r.Params {
				if name != "q" {
					got = append(got, name+"="+value)
				}
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", values, got, want)
		}
	}
}
