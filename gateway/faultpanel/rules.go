package faultpanel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"

	"tributary/gateway/faultinject"
)

// Limits of a list of rules.
const (
	maxRules      = 100
	maxRulesBytes = 64 << 10
)

// route matches the routes that a rule may have.
var route = regexp.MustCompile(`^(\*|[A-Z]+ /\S*)$`)

// readRules reads a list of rules, and returns what is wrong with it.
func readRules(body io.Reader) (rules []faultinject.Rule, mistake string) {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(&rules); err != nil || rules == nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
			return nil, fmt.Sprintf("body: %s must not be a %s", wrong.Field, wrong.Value)
		}
		return nil, `body: must be a list of rules, as in [{"route":"*","latency":"200ms"}], with route, latency, error_rate, status, hang, garbage and lost`
	}
	if len(rules) > maxRules {
		return nil, fmt.Sprintf("body: has %d rules, of which there may be %d", len(rules), maxRules)
	}
	for i := range rules {
		r := &rules[i]
		switch {
		case !route.MatchString(r.Route):
			mistake = "route: must be * or a method and a path, as in GET /books/{id}"
		case r.ErrorRate < 0 || r.ErrorRate > 1:
			mistake = "error_rate: must be from 0 to 1"
		case r.Status != 0 && (r.Status < http.StatusBadRequest || r.Status > 599):
			mistake = "status: must be from 400 to 599"
		}
		if mistake != "" {
			return nil, fmt.Sprintf("body[%d].%s", i, mistake)
		}
		if r.Status == 0 {
			r.Status = http.StatusServiceUnavailable
		}
	}
	return rules, ""
}
