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
		want    int
		warns   bool
	}{
		"more than there are":       {10000, 1024, 768, true},
		"more than all but a part":  {1000, 1024, 768, true},
		"as many as there may be":   {768, 1024, 768, false},
		"few":                       {384, 1 << 20, 384, false},
		"an unknown limit":          {10000, 0, 10000, false},
		"an unlimited number":       {10000, 1<<64 - 1, 10000, false},
		"no setting":                {0, 1024, 768, false},
		"no setting and no limit":   {0, 1<<64 - 1, 0, false},
		"no setting, limit unknown": {0, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			c := Config{MaxConnections: tt.setting}.fitDescriptors(tt.limit, slog.New(slog.NewTextHandler(&log, nil)))
			if c.MaxConnections != tt.want || strings.Contains(log.String(), "level=WARN") != tt.warns {
				t.Errorf("%d connections, logged %q", c.MaxConnections, &log)
			}
		})
	}
}
