// Command bench compares Tributary with the least that a server of the same
// responses can do and with other implementations of the same graph, in one run, in
// rotation, on the same upstreams, and writes a report.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"tributary/bench/internal/baseline"
	"tributary/bench/plain"
)

// options are the flags.
type options struct {
	binary   string
	rounds   int
	duration time.Duration
	only     string
	peers    string
	out      string
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		exit(serve(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == "soak" {
		exit(soak(os.Args[2:]))
	}
	var o options
	flag.StringVar(&o.binary, "tributary", "", "the binary of Tributary")
	flag.IntVar(&o.rounds, "rounds", 5, "number of measured rounds")
	flag.DurationVar(&o.duration, "duration", 2*time.Second, "duration of a round")
	flag.StringVar(&o.only, "only", "", "measure only scenarios whose name contains this")
	flag.StringVar(&o.peers, "peers", "peers",
		"the folder of the peers that run on Node.js; those that are not installed there are skipped")
	flag.StringVar(&o.out, "out", "", "the folder for RESULTS.md and the charts; empty: print them")
	flag.Parse()
	exit(compare(o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve runs one of the baselines: serve NAME ADDR ARG.
func serve(args []string) (err error) {
	if len(args) != 3 {
		return fmt.Errorf("serve takes a name, an address and an argument")
	}
	var h http.Handler
	switch name, arg := args[0], args[2]; name {
	case "upstreams":
		h = baseline.Upstreams()
	case "bare":
		var body []byte
		if body, err = os.ReadFile(arg); err == nil {
			h = baseline.Bare(body)
		}
	case "redis":
		h, err = baseline.Redis(arg)
	case "aggregator":
		h = baseline.Aggregator(arg)
	case "gqlgen":
		h = plain.NewHandler(arg)
	default:
		err = fmt.Errorf("unknown baseline %s", name)
	}
	if err != nil {
		return err
	}
	server := &http.Server{Addr: args[1], Handler: h, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}
