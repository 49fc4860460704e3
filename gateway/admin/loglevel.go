package admin

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"tributary/gateway/httpserver"
	"tributary/gateway/telemetry"
)

const maxLevelBody = 1 << 10

// logLevel is the body of requests and responses. Level is the least severe one that is logged.
type logLevel struct {
	Level string `json:"level"`
}

// LogLevel reads and changes the level of log, until the process ends:
//
//	GET /admin/log-level
//	PUT /admin/log-level   {"level": "debug"}
//
// Both answer 200 with the current level, in the form that PUT takes. The logger
// must come from [telemetry.NewLogger]; all loggers derived from the same one change.
func LogLevel(log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && !setLevel(w, r, log) {
			return
		}
		writeJSON(w, http.StatusOK, logLevel{strings.ToLower(telemetry.Level(log).String())})
	})
}

// setLevel executes a PUT. If it returns false, it has written an error.
func setLevel(w http.ResponseWriter, r *http.Request, log *slog.Logger) bool {
	if !requireJSON(w, r) {
		return false
	}
	level, err := readLevel(http.MaxBytesReader(w, r.Body, maxLevelBody))
	if err != nil {
		writeBadBody(w, r, err)
		return false
	}
	was := telemetry.Level(log)
	if err := telemetry.SetLevel(log, level); err != nil {
		httpserver.WriteFault(w, r, err)
		return false
	}
	// At the higher of both levels, so that the change is always logged.
	log.LogAttrs(r.Context(), max(was, level), "log level changed", slog.String("from", was.String()), slog.String("to", level.String()))
	return true
}

var errNoLevel = errors.New(`the body must be a JSON object like {"level": "debug"}, with one of debug, info, warn, error`)

func readLevel(body io.Reader) (level slog.Level, err error) {
	var in logLevel
	if err := decode(body, &in); err != nil || !slices.Contains([]string{"debug", "info", "warn", "error"}, in.Level) {
		return 0, errNoLevel
	}
	err = level.UnmarshalText([]byte(in.Level))
	return level, err
}
