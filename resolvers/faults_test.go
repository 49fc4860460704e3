package resolvers_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"

	"tributary/internal/testkit/faultyupstream"
	"tributary/internal/testkit/upstreamtest"
	"tributary/services"
)

var allServices = []string{upstreamtest.Users, upstreamtest.Orders, upstreamtest.Products}

// aFault is one way in which a service can fail.
type aFault struct {
	name string
	// script makes it of what the service answers when it is well; nil where
	// there is no such fault of that service.
	script func(service, well string) faultyupstream.Script
	slow   bool    // it ends by a time-out
	refuse bool    // connections are
	before *before // nil: nothing was going on
}

// fromWire are faults of TCP and HTTP, which are the same of every service.
func fromWire() []aFault {
	always := func(name string, b func(well string) faultyupstream.Behaviour) aFault {
		return aFault{name: name, script: func(_, well string) faultyupstream.Script { return faultyupstream.Always(b(well)) }}
	}
	slow := func(name string, b func(well string) faultyupstream.Behaviour) aFault {
		f := always(name, b)
		f.slow = true
		return f
	}
	status := func(code int, headers ...string) func(string) faultyupstream.Behaviour {
		return func(string) faultyupstream.Behaviour { return faultyupstream.Answer(code, `{"id":"u1"}`, headers...) }
	}
	is := func(b faultyupstream.Behaviour) func(string) faultyupstream.Behaviour {
		return func(string) faultyupstream.Behaviour { return b }
	}
	beginning := faultyupstream.Head()
	refused := always("refuses connections", is(faultyupstream.CloseWithoutResponse()))
	refused.refuse = true
	return []aFault{
		refused,
		always("resets the connection", is(faultyupstream.Reset())),
		always("hangs up", is(faultyupstream.CloseWithoutResponse())),
		always("speaks no HTTP", is(faultyupstream.Garbage())),
		slow("stalls before the headers", is(faultyupstream.Stall(""))),
		slow("stalls within the headers", is(faultyupstream.Stall(beginning[:30]))),
		slow("stalls after the headers", is(faultyupstream.Stall(beginning))),
		slow("stalls within the body", is(faultyupstream.Stall(beginning+`{"id":`))),
		slow("drips, a byte at a time", func(well string) faultyupstream.Behaviour {
			return faultyupstream.Drip(well, 20*time.Millisecond)
		}),
		always("announces more than it sends", faultyupstream.Truncated),
		always("announces less than it sends", func(well string) faultyupstream.Behaviour { return faultyupstream.UnderstatedLength(well, 5) }),
		always("sends more after its answer", faultyupstream.Overrun),
		always("announces too much", is(faultyupstream.HugeContentLength(1<<26))),
		always("sends without an end", is(faultyupstream.Endless())),
		always("sends a compressed bomb", is(faultyupstream.Bomb(1<<24))),
		always("says that it is compressed, and is not", func(well string) faultyupstream.Behaviour {
			return faultyupstream.Answer(200, well, "Content-Encoding: gzip")
		}),
		always("answers 302", status(302, "Location: http://example.com/")),
		always("answers 400", status(400)),
		always("answers 401", status(401)),
		always("answers 403", status(403)),
		always("answers 404", status(404)),
		always("answers 410", status(410)),
		always("answers 429", status(429)),
		always("answers 429 with Retry-After", status(429, "Retry-After: 3600")),
		always("answers 500", status(500)),
		always("answers 503", status(503)),
		always("answers 503 with Retry-After", status(503, "Retry-After: 3600")),
		always("answers 504", status(504)),
		{name: "fails the first time", script: func(_, well string) faultyupstream.Script {
			return faultyupstream.First(1, faultyupstream.Reset(), faultyupstream.JSON(well))
		}},
		{name: "flaps", script: func(_, well string) faultyupstream.Script {
			return faultyupstream.Flapping(1, faultyupstream.Answer(http.StatusServiceUnavailable, ""), faultyupstream.JSON(well))
		}},
	}
}

// fromBody are faults of what stands in an answer. Each is a change of the
// answer that is right, where it can be made.
func fromBody() []aFault {
	var faults []aFault
	change := func(name string, body func(service, well string) string) {
		faults = append(faults, aFault{name: name, script: func(service, well string) faultyupstream.Script {
			if bad := body(service, well); bad != "" {
				return faultyupstream.Always(faultyupstream.JSON(bad))
			}
			return nil
		}})
	}
	always := func(name, body string) { change(name, func(_, _ string) string { return body }) }
	byService := func(name string, body map[string]string) {
		change(name, func(service, _ string) string { return body[service] })
	}
	always("answers nothing", " ")
	always("answers a page", "<!doctype html><title>It works!</title>")
	always("answers `null`", "null")
	always("answers `{\"error\":…}` with 200", `{"error":"not found"}`)
	byService("answers a list for an object, an object for a list", map[string]string{upstreamtest.Users: `[]`, upstreamtest.Orders: `{}`, upstreamtest.Products: `{}`})
	change("answers half of it", func(_, well string) string { return well[:len(well)/2] })
	change("answers it twice", func(_, well string) string { return well + well })
	change("leaves out a field", editing(func(thing map[string]any, field string) { delete(thing, field) }))
	change("has `null` for a field", editing(func(thing map[string]any, field string) { thing[field] = nil }))
	change("has a field of a wrong type", editing(func(thing map[string]any, field string) { thing[field] = []int{1} }))
	change("has unknown fields", editing(func(thing map[string]any, _ string) { thing["shoe_size"] = 43 }))
	change("answers of another's", editing(func(thing map[string]any, _ string) {
		maps.Copy(thing, map[string]any{"id": "x9", "user_id": "u9"})
	}))
	change("has an item that is `null`", items(func(well string) string { return "[null," + well[1:] }))
	change("has items twice", items(func(well string) string { return "[" + well[1:len(well)-1] + "," + well[1:] }))
	change("leaves out all items", items(func(string) string { return "[]" }))
	change("has unrequested items", onlyProducts(func(well string) string {
		return strings.Replace(well, "[", `[{"id":"unasked","name":5},`, 1)
	}))
	change("has items in another order", onlyProducts(func(well string) string {
		var list []json.RawMessage
		_ = json.Unmarshal([]byte(well), &list)
		return "[" + string(list[1]) + "," + string(list[0]) + "]"
	}))
	return faults
}

// editing changes the first thing of an answer; field is one that it must have.
func editing(edit func(thing map[string]any, field string)) func(service, well string) string {
	return func(service, well string) string {
		field := map[string]string{upstreamtest.Users: "username", upstreamtest.Orders: "status", upstreamtest.Products: "name"}[service]
		alone := service == upstreamtest.Users
		if alone {
			well = "[" + well + "]"
		}
		var things []map[string]any
		_ = json.Unmarshal([]byte(well), &things)
		edit(things[0], field)
		bad, _ := json.Marshal(things)
		if alone {
			return string(bad[1 : len(bad)-1])
		}
		return string(bad)
	}
}

func items(change func(well string) string) func(service, well string) string {
	return func(service, well string) string {
		if service == upstreamtest.Users {
			return ""
		}
		return change(well)
	}
}

func onlyProducts(change func(well string) string) func(service, well string) string {
	return func(service, well string) string {
		if service != upstreamtest.Products {
			return ""
		}
		return change(well)
	}
}

// wellAnswers are what the services answer of a user with an order of two products.
func wellAnswers() (data upstreamtest.Data, well map[string]string) {
	data = upstreamtest.NewData(1, 1, 2, 2)
	text := func(v any) string {
		b, _ := json.Marshal(v)
		return string(b)
	}
	return data, map[string]string{
		upstreamtest.Users:    text(data.Users["u1"]),
		upstreamtest.Orders:   text(data.Orders["u1"]),
		upstreamtest.Products: text([]*services.Product{data.Products["p1"], data.Products["p2"]}),
	}
}
