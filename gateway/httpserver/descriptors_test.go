package httpserver

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestConfig_FitDescriptors(t *testing.T) {
	for name, tt := range map[string]struct {
		setting int
		limit   uint64
		others  int
		want    int
		warns   bool
	}{
		"more than there are":            {10000, 1024, 0, 704, true},
		"more than all but a part":       {1000, 1024, 0, 704, true},
		"as many as there may be":        {704, 1024, 0, 704, false},
		"few":                            {384, 1 << 20, 0, 384, false},
		"next to operators":              {10000, 1024, 100, 704 - 128, true},
		"next to operators that fit":     {576, 1024, 100, 576, false},
		"next to more than there can be": {10000, 1024, 5000, 256, true},
		"next to few files":              {10000, 64, 1, 16, true},
		"an unknown limit":               {10000, 0, 100, 10000, false},
		"an unlimited number":            {10000, 1<<64 - 1, 100, 10000, false},
		"no setting":                     {0, 1024, 0, 704, false},
		"no setting and no limit":        {0, 1<<64 - 1, 100, 0, false},
		"no setting, limit unknown":      {0, 0, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			c := Config{MaxConnections: tt.setting}.fitDescriptors(tt.limit, tt.others, slog.New(slog.NewTextHandler(&log, nil)))
			if c.MaxConnections != tt.want || strings.Contains(log.String(), "level=WARN") != tt.warns {
				t.Errorf("%d connections, logged %q", c.MaxConnections, &log)
			}
		})
	}
}
