package restservice_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/services/restservice"
	"tributary/services/restservice/restservicetest"
)

func TestID_Unescaped(t *testing.T) {
	srv := restservicetest.Start(t, newThings(restservice.Options{}))
	for escaped, want := range map[string]string{
		"plain":       "plain",
		"a%2Fb":       "a/b",
		"%2F":         "/",
		"a%2Fb%25":    "a/b%",
		"100%25":      "100%",
		"a%252Fb":     "a%2Fb",
		"%D0%9F":      "П",
		"П":           "П",
		"a%20b":       "a b",
		"a+b":         "a+b",
		"a%3Fb%23c":   "a?b#c",
		"..":          "..",
		"%2E%2E":      "..",
		"%2E%2E%2Fup": "../up",
		"a;b=c":       "a;b=c",
		"%7Bid%7D":    "{id}",
		"*":           "*",
	} {
		got := restservicetest.Send(t, srv, http.MethodGet, "/things/"+escaped, "")
		var one thing
		if err := json.Unmarshal([]byte(got.Body), &one); err != nil || got.StatusCode != http.StatusOK || one.ID != want {
			t.Errorf("/things/%s is answered %d with %s, want the id %q", escaped, got.StatusCode, got.Body, want)
		}
	}
}

func TestID_Invalid(t *testing.T) {
	srv := restservicetest.Start(t, newThings(restservice.Options{}))
	for escaped, want := range map[string]string{
		"":                            "path.id: required path parameter is missing",
		"%00":                         "path.id: an id must not contain control characters",
		"%C2%85":                      "path.id: an id must not contain control characters",
		"%FF":                         "path.id: an id must be valid UTF-8",
		strings.Repeat("%D0%9F", 129): "path.id: an id has at most 256 bytes, this one has 258",
		strings.Repeat("a", 257):      "path.id: expected length <= 256",
	} {
		got := restservicetest.Send(t, srv, http.MethodGet, "/things/"+escaped, "")
		if p := got.WantProblem(t, http.StatusBadRequest, "BAD_USER_INPUT"); p.Detail != want {
			t.Errorf("/things/%.20s is refused with %q, want %q", escaped, p.Detail, want)
		}
	}
}

func TestProblem_MasksCause(t *testing.T) {
	srv := restservicetest.Start(t, newThings(restservice.Options{}))
	got := restservicetest.Send(t, srv, http.MethodGet, "/things/broken", "")
	if p := got.WantProblem(t, http.StatusInternalServerError, "INTERNAL"); p.Detail != "" {
		t.Errorf("the problem says %q", p.Detail)
	}
}

func TestProblem_BoundedDetails(t *testing.T) {
	srv := restservicetest.Start(t, newThings(restservice.Options{Faults: true}))
	rules := "[" + strings.Repeat(`{"route":"*","status":1},`, 50) + `{"route":"*"}]`
	got := restservicetest.Send(t, srv, http.MethodPut, "/_faults", rules)
	if p := got.WantProblem(t, http.StatusBadRequest, "BAD_USER_INPUT"); strings.Count(p.Detail, "expected number >= 400") != 5 {
		t.Errorf("the problem says %q", p.Detail)
	}
}

func TestBody_JSONAndSize(t *testing.T) {
	const size = 256 << 10
	fits := `{"id":"` + strings.Repeat("x", size-len(`{"id":""}`)) + `"}`
	srv := restservicetest.Start(t, newThings(restservice.Options{}))
	for _, c := range []struct {
		does, mediaType, body string
		status                int
		code                  string
	}{
		{"takes JSON", "application/json", `{"id":"t1"}`, http.StatusOK, ""},
		{"takes JSON that does not say that it is", "", `{"id":"t1"}`, http.StatusOK, ""},
		{"takes as much as fits", "application/json", fits, http.StatusOK, ""},
		{"refuses one byte more", "application/json", fits + " ", http.StatusRequestEntityTooLarge, "REQUEST_ENTITY_TOO_LARGE"},
		{"refuses another type", "text/plain", `{"id":"t1"}`, http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE"},
		{"refuses a type that is none", "/", `{"id":"t1"}`, http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE"},
		{"refuses what is not UTF-8", "application/json", "{\"id\":\"\xff\"}", http.StatusBadRequest, "BAD_USER_INPUT"},
		{"refuses nothing", "application/json", "", http.StatusBadRequest, "BAD_USER_INPUT"},
	} {
		t.Run(c.does, func(t *testing.T) {
			got := restservicetest.SendType(t, srv, http.MethodPost, "/things", c.mediaType, c.body)
			if c.code != "" {
				got.WantProblem(t, c.status, c.code)
			} else if got.StatusCode != c.status {
				t.Errorf("answers %d, want %d: %.200s", got.StatusCode, c.status, got.Body)
			}
		})
	}
}

func TestBody_Truncated(t *testing.T) {
	srv := restservicetest.Start(t, newThings(restservice.Options{}))
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("POST /things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n")); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusBadRequest {
		t.Errorf("answers %d", got.StatusCode)
	}
}

func TestRequests_LoggedAndMeasured(t *testing.T) {
	var log bytes.Buffer
	reg := prometheus.NewRegistry()
	srv := restservicetest.Start(t, newThings(restservice.Options{Log: slog.New(slog.NewJSONHandler(&log, nil)), Registry: reg}))
	restservicetest.Send(t, srv, http.MethodGet, "/things/secret", "")
	metrics := restservicetest.Send(t, srv, http.MethodGet, "/metrics", "").Body
	srv.Close() // the log is written by now
	if want := `http_requests_total{endpoint="/things/{id}",method="GET",status="200"} 1`; !strings.Contains(metrics, want) {
		t.Errorf("no %s in\n%s", want, metrics)
	}
	line, _, _ := strings.Cut(log.String(), "\n")
	for _, want := range []string{`"service":"thing-service"`, `"route":"/things/{id}"`, `"status":200`} {
		if !strings.Contains(line, want) {
			t.Errorf("no %s in %s", want, line)
		}
	}
	if strings.Contains(log.String()+metrics, "secret") {
		t.Errorf("an id is in the log or the metrics:\n%s%s", log.String(), metrics)
	}
}
