package testkit

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// Scrape returns the values of series of a server, all of the same moment. A series is
// written as in the exposition format: http_requests_total{endpoint="/livez"}.
func Scrape(t testing.TB, client *http.Client, server string, series ...string) []float64 {
	t.Helper()
	resp, err := client.Get(server + "/metrics") //nolint:noctx // its client has a limit, or the test
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float64, len(series))
	for i, name := range series {
		_, line, found := strings.Cut(string(text), "\n"+name+" ")
		line, _, _ = strings.Cut(line, "\n")
		if values[i], err = strconv.ParseFloat(line, 64); !found || err != nil {
			t.Fatalf("%s, and no series %s: %v", resp.Status, name, err)
		}
	}
	return values
}
