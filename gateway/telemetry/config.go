// Package telemetry makes what a process is watched by: its logger and its
// registry of metrics, and what the metrics of all packages have in common.
package telemetry

// LogConfig is what an operator may set about the log.
type LogConfig struct {
	Level    string `name:"log-level" default:"info" enum:"debug,info,warn,error" help:"The least level that is logged: debug, info, warn or error."`
	Format   string `name:"log-format" default:"json" enum:"json,text" help:"One JSON object a line (json), or for human readers (text)."`
	Requests int    `name:"log-requests" default:"0" help:"How many requests that ended well are logged a second at most; 0: all. Those that failed always are."`
}
