// Package telemetry makes what a process is watched by: its logger and its
// registry of metrics.
package telemetry

// LogConfig is what an operator may set about the log.
type LogConfig struct {
	Level  string `name:"log-level" default:"info" enum:"debug,info,warn,error" help:"The least level that is logged: debug, info, warn or error."`
	Format string `name:"log-format" default:"json" enum:"json,text" help:"One JSON object a line (json), or for human readers (text)."`
}
