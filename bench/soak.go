package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"tributary/bench/internal/load"
	"tributary/bench/internal/process"
	"tributary/bench/internal/shop"
)

// soak measures whether the memory of a gateway grows under a steady load of
// requests: soak -tributary BINARY -minutes 60 -rate 300.
func soak(args []string) error {
	var o options
	flags := flag.NewFlagSet("soak", flag.ExitOnError)
	flags.StringVar(&o.binary, "tributary", "", "the binary of Tributary")
	minutes := flags.Int("minutes", 60, "duration in minutes")
	rate := flags.Int("rate", 300, "requests a second: two of three are about what is cached, the third about what is not")
	every := flags.Duration("every", time.Minute, "interval of the report")
	if err := flags.Parse(args); err != nil {
		return err
	}
	f := &lineup{options: o, running: map[string]*process.Process{}}
	defer f.stop()
	go f.stopOnSignal()
	var err error
	if f.upstreams, err = f.baseline("upstreams", "upstreams", "-"); err != nil {
		return err
	}
	if err := f.gateway(tributary); err != nil {
		return err
	}
	fmt.Println("| minute | requests a second | p50 | p99 | resident | heap in use | entries, as the cache counts | goroutines | open files |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	var resident []float64
	for start := time.Now(); time.Since(start) < time.Duration(*minutes)*time.Minute; {
		r, err := load.Steady(f.running[tributary].Addr, f.mixed(), *rate, soakConnections, *every)
		if err != nil {
			return err
		}
		s, err := stateOf(f.running[tributary])
		if err != nil {
			return err
		}
		resident = append(resident, s.residentMB)
		fmt.Printf("| %.1f | %.0f | %.2f ms | %.2f ms | %.0f MB | %.0f MB | %.0f MB | %.0f | %.0f |\n", time.Since(start).Minutes(),
			float64(r.Requests)/r.Took.Seconds(), milliseconds(r.Quantile(.5)), milliseconds(r.Quantile(.99)),
			s.residentMB, s.heapMB, s.entriesMB, s.goroutines, s.files)
	}
	fmt.Println(growthOf(resident))
	return nil
}

// growthOf compares the last quarter of the samples with the second one. In the first
// one the caches fill.
func growthOf(resident []float64) string {
	n := len(resident) / 4
	if n == 0 {
		return "Too short to measure growth of memory."
	}
	median := func(part []float64) float64 { part = slices.Sorted(slices.Values(part)); return part[len(part)/2] }
	early, late := median(resident[n:2*n]), median(resident[len(resident)-n:])
	return fmt.Sprintf("\nResident in the second quarter of the time: %.0f MB, in the last: %.0f MB, %+.1f %% (medians).",
		early, late, (late/early-1)*100)
}

const (
	soakConnections = 16
	// soakHot is the number of users that are requested repeatedly.
	soakHot = 200
)

// mixed returns requests for cached and for uncached data, by REST and by GraphQL.
func (f *lineup) mixed() load.Request {
	rest := func(s int) []byte { return load.Get("/api/profile/" + shop.UserID(s, 0)) }
	profile, list := graphql(profileQuery, "id"), graphql(listQuery, "ids")
	return func() []byte {
		s := rand.IntN(soakHot) //nolint:gosec // G404: no secret
		kind := rand.IntN(12)   //nolint:gosec // G404: no secret
		if kind >= 8 {
			f.shops++
			s = soakHot + f.shops
		}
		switch {
		case kind == 11 && rand.IntN(10) == 0: //nolint:gosec // G404: no secret
			return list(s)
		case kind%2 == 0:
			return rest(s)
		}
		return profile(s)
	}
}
