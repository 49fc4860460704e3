package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"tributary/bench/internal/process"
)

// The names of the subjects.
const (
	tributary  = "Tributary"
	entities   = "Tributary, response cache off"
	overRedis  = "Tributary, entity in Redis"
	bare       = "bare net/http handler"
	redisGet   = "one Redis GET"
	aggregator = "hand-written aggregator"
	gqlgen     = "plain gqlgen + dataloader"
	apollo     = "Apollo Server"
	hive       = "Hive Gateway"
)

// lineup is the set of running subjects, with the services that they call.
type lineup struct {
	options   options
	upstreams *process.Process
	redisURL  string // empty where there is no redis-server
	running   map[string]*process.Process
	all       []*process.Process
	shops     int // the last shop of the cold scenarios
}

// start starts a server with an address of its own.
func (f *lineup) start(name, ready string, env []string, dir, command string, args ...string) (*process.Process, error) {
	addr, err := process.FreeAddr()
	if err != nil {
		return nil, err
	}
	for i, a := range args {
		if a == addrHere {
			args[i] = addr
		}
	}
	_, port, _ := splitAddr(addr)
	p, err := process.Start(addr, ready, append([]string{"BFF_ADDR=" + addr, "PORT=" + port, "UPSTREAMS=" + f.url()},
		env...), dir, command, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f.running[name] = p
	f.all = append(f.all, p)
	return p, nil
}

// addrHere stands in arguments for the address to listen on.
const addrHere = "ADDR"

func (f *lineup) url() string {
	if f.upstreams == nil {
		return ""
	}
	return "http://" + f.upstreams.Addr
}

// baseline starts one of this program's own servers.
func (f *lineup) baseline(name, kind, arg string) (*process.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return f.start(name, "", nil, "", self, "serve", kind, addrHere, arg)
}

// gateway starts Tributary with its defaults and env.
func (f *lineup) gateway(name string, env ...string) error {
	u := f.url()
	_, err := f.start(name, "/readyz", append([]string{"BFF_USERS_URL=" + u, "BFF_ORDERS_URL=" + u, "BFF_PRODUCTS_URL=" + u}, env...),
		"", f.options.binary, "gateway")
	return err
}

// redis starts a Redis, if one is installed.
func (f *lineup) redis() error {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: redis-server is not installed: scenarios that need it are skipped")
		return nil
	}
	addr, err := process.FreeAddr()
	if err != nil {
		return err
	}
	_, port, err := splitAddr(addr)
	if err != nil {
		return err
	}
	p, err := process.Start(addr, "", nil, os.TempDir(), path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	if err != nil {
		return err
	}
	f.all = append(f.all, p)
	f.redisURL = "redis://" + addr
	return nil
}

// peer starts a server that runs on Node.js, if it is installed in its folder.
func (f *lineup) peer(name, folder string, command ...string) error {
	dir := filepath.Join(f.options.peers, folder)
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(os.Stderr, "bench: %s is not installed in %s: it is skipped\n", name, dir)
		return nil
	}
	_, err := f.start(name, "/", []string{"NODE_ENV=production"}, dir, command[0], command[1:]...)
	return err
}

func (f *lineup) stop() {
	for _, p := range f.all {
		p.Stop()
	}
}
