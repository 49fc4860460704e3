package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/bench/internal/load"
	"tributary/bench/internal/process"
	"tributary/bench/internal/report"
	"tributary/bench/internal/shop"
)

// compare measures all scenarios and writes the report.
func compare(o options) (err error) {
	if o.binary == "" {
		return errors.New("-tributary must name the binary of Tributary: make bench-compare builds it")
	}
	f := &lineup{options: o, running: map[string]*process.Process{}}
	defer f.stop()
	go f.stopOnSignal()
	if err := f.startAll(); err != nil {
		return err
	}
	var tables []report.Table
	for _, w := range scenarios() {
		names := f.participants(w)
		if !o.selects(w.name) || len(names) < 2 {
			continue
		}
		if err := f.checkEqual(w, names); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "bench: %s: %s\n", w.name, strings.Join(names, ", "))
		rounds, err := f.measure(w, names)
		if err != nil {
			return err
		}
		t := table(w, rounds)
		fmt.Fprint(os.Stderr, t.Markdown())
		tables = append(tables, t)
	}
	all := report.Report{Machine: report.ThisMachine(), Versions: f.versions(), Rounds: o.rounds, Duration: o.duration, Tables: tables}
	if o.selects("memory") {
		m, err := f.memory()
		if err != nil {
			return err
		}
		all.Memory = &m
	}
	all.Load = report.Load()
	if o.out == "" {
		fmt.Print(all.Markdown())
		return nil
	}
	return all.Write(o.out)
}

// stopOnSignal stops the servers when the program is interrupted.
func (f *lineup) stopOnSignal() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, os.Interrupt, syscall.SIGTERM)
	<-told
	f.stop()
	exit(errors.New("interrupted"))
}

// selects reports whether a scenario is selected.
func (o options) selects(scenario string) bool { return strings.Contains(scenario, o.only) }

func table(w scenario, rounds map[string][]report.Round) report.Table {
	t := report.Table{Name: w.name, Title: w.title, Base: w.base, Rounds: rounds}
	for _, g := range w.goals {
		t.Goals = append(t.Goals, report.Goal{Subject: g.subject, Base: g.base, CPU: g.cpu, PerSecond: g.perSecond, MoreMS: g.maxExtraMS})
	}
	return t
}

// startAll starts all subjects.
func (f *lineup) startAll() (err error) {
	if f.upstreams, err = f.baseline("upstreams", "upstreams", "-"); err != nil {
		return err
	}
	if err := errors.Join(f.redis(), f.gateway(tributary),
		f.gateway(entities, "BFF_CACHE_RESPONSE_MB=0", "BFF_CACHE_TTL=10m")); err != nil {
		return err
	}
	for name, kind := range map[string]string{aggregator: "aggregator", gqlgen: "gqlgen"} {
		if _, err := f.baseline(name, kind, f.url()); err != nil {
			return err
		}
	}
	if err := errors.Join(f.startReplays(), f.fillRedis()); err != nil {
		return err
	}
	return errors.Join(
		f.peer(apollo, "apollo", "node", "server.mjs"),
		f.peer(hive, "hive", "node", "server.mjs"))
}

// startReplays starts the bare handler and Redis with the response of Tributary.
func (f *lineup) startReplays() error {
	rest, err := load.Do(f.running[tributary].Addr, scenarios()[0].requests[tributary](0))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "answer.json")
	if err := os.WriteFile(file, rest, 0o600); err != nil {
		return err
	}
	if _, err := f.baseline(bare, "bare", file); err != nil || f.redisURL == "" {
		return err
	}
	if err := f.set("rest", rest); err != nil {
		return err
	}
	_, err = f.baseline(redisGet, "redis", f.redisURL)
	return err
}

func (f *lineup) set(key string, value []byte) error {
	opts, err := redis.ParseURL(f.redisURL)
	if err != nil {
		return err
	}
	client := redis.NewClient(opts)
	defer func() { _ = client.Close() }()
	return client.Set(context.Background(), key, value, 0).Err()
}

// fillRedis has one gateway put users into Redis, and starts another, with little
// memory of its own, that finds them there.
func (f *lineup) fillRedis() error {
	if f.redisURL == "" || !f.options.selects("redis-entity") {
		return nil
	}
	env := []string{"BFF_REDIS_URL=" + f.redisURL, "BFF_CACHE_TTL=1h", "BFF_CACHE_RESPONSE_MB=0", "BFF_CACHE_MEMORY_MB=1"}
	if err := f.gateway("filler", env...); err != nil {
		return err
	}
	if err := f.fillAll(); err != nil {
		return err
	}
	one, err := load.Do(f.running["filler"].Addr, inRedis(0))
	if err != nil {
		return err
	}
	return errors.Join(f.set("one", one), f.gateway(overRedis, env...))
}

// fillAll requests all users from the filler until they are in Redis: a gateway
// drops writes when its queue is full.
func (f *lineup) fillAll() error {
	opts, err := redis.ParseURL(f.redisURL)
	if err != nil {
		return err
	}
	client := redis.NewClient(opts)
	defer func() { _ = client.Close() }()
	for range 10 {
		for s := range redisShops {
			body := fmt.Sprintf(`{"query":"query($ids: [ID!]!) { users(ids: $ids) { id } }","variables":{"ids":["%s"]}}`,
				strings.Join(shop.UserIDs(s), `","`))
			if _, err := load.Do(f.running["filler"].Addr, load.Post("/graphql", body)); err != nil {
				return err
			}
		}
		time.Sleep(time.Second) // for the last writes
		if n, err := client.DBSize(context.Background()).Result(); err != nil || n >= redisShops*shop.Users {
			return err
		}
	}
	return errors.New("not all users are in Redis")
}

// participants returns the running subjects of a scenario.
func (f *lineup) participants(w scenario) []string {
	names := slices.Sorted(maps.Keys(w.requests))
	return slices.DeleteFunc(names, func(name string) bool { return f.running[name] == nil })
}

// checkEqual returns an error unless all subjects give the same response.
func (f *lineup) checkEqual(w scenario, names []string) error {
	answers := map[string]string{}
	for _, name := range names {
		if name == bare || name == redisGet {
			continue // they have their bytes from Tributary
		}
		body, err := load.Do(f.running[name].Addr, w.requests[name](0))
		if err != nil {
			return fmt.Errorf("%s by %s: %w", w.name, name, err)
		}
		var answer struct{ Data, User, Orders, Products any }
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&answer); err != nil {
			return fmt.Errorf("%s by %s: %w", w.name, name, err)
		}
		text, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		answers[string(text)] = name
	}
	if len(answers) > 1 {
		return fmt.Errorf("%s: the answers differ: %v", w.name, answers)
	}
	return nil
}

func splitAddr(addr string) (host, port string, err error) { return net.SplitHostPort(addr) }
