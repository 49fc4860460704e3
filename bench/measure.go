package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"tributary/bench/internal/load"
	"tributary/bench/internal/report"
)

// measure measures the subjects of a scenario in rotation, round by round.
func (f *lineup) measure(w scenario, names []string) (map[string][]report.Round, error) {
	if err := f.delay(w.delay); err != nil {
		return nil, err
	}
	rounds := map[string][]report.Round{}
	for n := range f.options.rounds + 1 {
		for i := range names {
			name := names[(i+n)%len(names)] // so that the order changes
			r, err := f.round(w, name)
			if err != nil {
				return nil, fmt.Errorf("%s by %s: %w", w.name, name, err)
			}
			if n > 0 { // the first round warms up
				rounds[name] = append(rounds[name], r)
			}
		}
	}
	return rounds, f.delay(0)
}

// next returns the requests of a scenario. Each cold one is about a shop of its own, or
// as many as the scenario says share one.
func (f *lineup) next(w scenario, name string) load.Request {
	asked := 0
	return func() []byte {
		if w.fixed {
			return w.requests[name](0)
		}
		if asked%max(1, w.consecutive) == 0 {
			f.shops++
		}
		asked++
		return w.requests[name](f.shops)
	}
}

func (f *lineup) round(w scenario, name string) (r report.Round, err error) {
	p := f.running[name]
	calls, err := f.calls()
	if err != nil {
		return r, err
	}
	before, err := p.CPU()
	if err != nil {
		return r, err
	}
	result, err := load.Run(p.Addr, f.next(w, name), w.connections, f.options.duration)
	if err != nil {
		return r, err
	}
	after, err := p.CPU()
	if err != nil {
		return r, err
	}
	callsAfter, err := f.calls()
	if err != nil {
		return r, err
	}
	_, peak, err := p.Memory()
	n := float64(result.Requests)
	return report.Round{
		CPU:       float64((after - before).Microseconds()) / n,
		PerSecond: n / result.Took.Seconds(),
		P50:       milliseconds(result.Quantile(.5)),
		P99:       milliseconds(result.Quantile(.99)),
		Calls:     float64(callsAfter-calls) / n,
		PeakMB:    float64(peak) / (1 << 20),
	}, err
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// delay sets the latency of the upstreams in ms.
func (f *lineup) delay(ms int) error {
	resp, err := http.Post(f.url()+"/delay?ms="+strconv.Itoa(ms), "", nil)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// calls returns the number of calls that the upstreams have received.
func (f *lineup) calls() (int, error) {
	resp, err := http.Get(f.url() + "/calls")
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

// cachedProfiles is the number of cached profiles when memory is measured.
const cachedProfiles = 10_000

// memory measures the memory of a gateway that caches many profiles: at the start,
// afterwards, and the part of it that its metrics attribute to cache entries.
func (f *lineup) memory() (m report.Memory, err error) {
	if err := f.gateway("memory"); err != nil {
		return m, err
	}
	p := f.running["memory"]
	now, _, err := p.Memory()
	if err != nil {
		return m, err
	}
	m.StartMB = float64(now) / (1 << 20)
	ask := scenarios()[0].requests[tributary]
	for range cachedProfiles {
		f.shops++
		if _, err := load.Do(p.Addr, ask(f.shops)); err != nil {
			return m, err
		}
	}
	now, peak, err := p.Memory()
	if err != nil {
		return m, err
	}
	m.Profiles, m.NowMB, m.PeakMB = cachedProfiles, float64(now)/(1<<20), float64(peak)/(1<<20)
	at, err := stateOf(p)
	m.EntriesMB = at.entriesMB
	return m, err
}
