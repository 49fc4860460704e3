// Package telemetry creates the logger and the metrics registry of a process, and has
// what the metrics of all packages share.
package telemetry

import "errors"

// LogConfig has the settings of the log.
type LogConfig struct {
	Level    string `name:"log-level" default:"info" enum:"debug,info,warn,error" reload:"" help:"Least severe level that is logged: debug, info, warn or error."`
	Format   string `name:"log-format" default:"json" enum:"json,text" help:"json (one object per line) or text (for humans; dev writes it to a terminal)."`
	Requests int    `name:"log-requests" default:"0" help:"Maximum number of successful requests logged per second; failed ones are always logged. 0: all."`
}

// Validate reports the first setting that cannot be used.
func (c LogConfig) Validate() error {
	if c.Requests < 0 {
		return errors.New("log-requests must not be negative")
	}
	return nil
}
