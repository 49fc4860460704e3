package httpserver

import "log/slog"

// FitDescriptors returns c with a MaxConnections that the limit of open files permits, next
// to another server with a maximum of its own; 0: there is none. It logs a warning if that is
// less than was set. A quarter of the limit is left for calls to services, Redis and files: a
// gateway whose clients hold all descriptors can answer none of them.
func (c Config) FitDescriptors(others int, log *slog.Logger) Config {
	return c.fitDescriptors(descriptorLimit(), others, log)
}

func (c Config) fitDescriptors(limit uint64, others int, log *slog.Logger) Config {
	taken := uint64(maxBeyond)
	if others > 0 {
		taken += uint64(others + mayExceed(others)) //nolint:gosec // G115: more than 0
	}
	most := limit/4 + max(limit/2, taken) - taken
	switch {
	case limit == 0 || c.MaxConnections > 0 && uint64(c.MaxConnections) <= most:
	case c.MaxConnections > 0:
		log.Warn("the limit of open files permits fewer connections than BFF_MAX_CONNECTIONS",
			"setting", c.MaxConnections, "used", most, "open_files", limit)
		c.MaxConnections = int(most) //nolint:gosec // G115: less than an int
	case most < 1<<20: // no limit was set, and there is one
		c.MaxConnections = int(most)
	}
	return c
}
