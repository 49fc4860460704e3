package watched

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Series is one line of a graph: what it is of, and its samples.
type Series struct {
	Labels  map[string]string
	Samples []Sample
}

// Sample is a value at a time.
type Sample struct {
	At    time.Time
	Value float64
}

var errRefused = errors.New("refused by Prometheus")

// Range queries Prometheus for the series of an expression between two times, with one value per
// step. Values that are not finite numbers are left out.
func (s *Stack) Range(expr string, from, to time.Time, step time.Duration) ([]Series, error) {
	values := url.Values{
		"query": {expr}, "step": {step.String()},
		"start": {from.Format(time.RFC3339Nano)}, "end": {to.Format(time.RFC3339Nano)},
	}
	var data struct {
		Result []struct {
			Metric map[string]string
			Values [][2]any
		}
	}
	if err := s.api("query_range?"+values.Encode(), &data); err != nil {
		return nil, err
	}
	var all []Series
	for _, r := range data.Result {
		if samples := numbers(r.Values); len(samples) > 0 {
			all = append(all, Series{r.Metric, samples})
		}
	}
	return all, nil
}

// Exemplars returns the labels of the exemplars of a series since the start.
func (s *Stack) Exemplars(series string) (all []map[string]string, err error) {
	values := url.Values{
		"query": {series},
		"start": {s.Started.Format(time.RFC3339Nano)}, "end": {time.Now().Format(time.RFC3339Nano)},
	}
	var data []struct {
		Exemplars []struct{ Labels map[string]string }
	}
	err = s.api("query_exemplars?"+values.Encode(), &data)
	for _, one := range data {
		for _, e := range one.Exemplars {
			all = append(all, e.Labels)
		}
	}
	return all, err
}

func numbers(pairs [][2]any) (samples []Sample) {
	for _, pair := range pairs {
		at, _ := pair[0].(float64)
		text, _ := pair[1].(string)
		if v, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
			samples = append(samples, Sample{time.UnixMilli(int64(at * 1000)), v})
		}
	}
	return samples
}

// api requests a path of Prometheus's API, and decodes its data into data.
func (s *Stack) api(path string, data any) error {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.Prometheus+"/api/v1/"+path, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: data}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return fmt.Errorf("%w: %s", errRefused, answer.Error)
	}
	return nil
}

// Until waits until an expression finds something, as in
// "max(upstream_breaker_state) == 2".
func (s *Stack) Until(expr string) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		now := time.Now()
		found, err := s.Range(expr, now, now, time.Second)
		if err != nil {
			s.t.Fatalf("%s: %v", expr, err)
		}
		if len(found) > 0 {
			return
		}
	}
	s.t.Fatalf("waited in vain for %s", expr)
}

// WaitScrapes waits until Prometheus has scraped the gateway this many more times. It does so
// every second.
func (s *Stack) WaitScrapes(scrapes int) {
	s.t.Helper()
	start := time.Now().UnixMilli()
	s.Until(fmt.Sprintf(`count_over_time((timestamp(up{job="gateway"}) > %d.%03d)[10m:500ms]) >= %d`, start/1000, start%1000, 2*scrapes))
}
