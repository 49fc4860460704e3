// Command bench puts Tributary beside the least that a server of the same
// answers can do and beside other ways to the same graph, in one run, in
// rotation, on the same upstreams, and writes down what each takes.
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

// options say how much is measured.
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
	flag.IntVar(&o.rounds, "rounds", 5, "how often each is measured")
	flag.DurationVar(&o.duration, "duration", 2*time.Second, "for how long, each time")
	flag.StringVar(&o.only, "only", "", "the names of works, or parts of them: all others are left out")
	flag.StringVar(&o.peers, "peers", "peers", "the folder of the peers that Node.js runs; those not installed there are left out")
	flag.StringVar(&o.out, "out", "", "the folder for RESULTS.md and the bars; empty: they are printed")
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

// serve is one of the baselines, in a process of its own: serve NAME ADDR ARG.
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
		err = fmt.Errorf("there is no %s to serve", name)
	}
	if err != nil {
		return err
	}
	server := &http.Server{Addr: args[1], Handler: h, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}
