package main

import (
	"strconv"
	"strings"

	"tributary/bench/internal/load"
	"tributary/bench/internal/process"
)

// state is the resource usage of a gateway at one time.
type state struct{ residentMB, heapMB, entriesMB, goroutines, files float64 }

func stateOf(p *process.Process) (s state, err error) {
	now, _, err := p.Memory()
	if err != nil {
		return s, err
	}
	s.residentMB = float64(now) / (1 << 20)
	text, err := load.Do(p.Addr, load.Get("/metrics"))
	if err != nil {
		return s, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			continue // a comment
		}
		switch {
		case name == "go_memstats_heap_inuse_bytes":
			s.heapMB = n / (1 << 20)
		case name == "go_goroutines":
			s.goroutines = n
		case name == "process_open_fds":
			s.files = n
		case strings.HasPrefix(name, "cache_bytes"):
			s.entriesMB += n / (1 << 20)
		}
	}
	return s, nil
}
