//go:build linux && !race

// The race detector takes several times what the gateway does.

package engine_test

import (
	"fmt"
	"runtime"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/engine"
	"tributary/gateway/engine/limits"
)

// wide is a schema with all that rules look at, and some of it often.
var wide = `
	input Filter { and: [Filter!] not: Filter a: Int b: String c: Color d: ID }
	enum Color {` + times(30, " COLOR_#") + ` }
	interface Node { id: ID next: Node all: [Node] }
	` + times(20, " type T# implements Node { id: ID next: Node all: [Node] x#: Int n: Int y: String }") + `
	union Any = T0` + strings.TrimPrefix(times(20, " | T#"), " | T0") + `
	type Query {
		s(name: String! = "you", color: Color, ids: [ID!]): String
		sum(of: [Int!]!): Int
		me(x: Int, ids: [ID!]): Query
		find(filter: Filter, or: Filter): Query
		friends: [Query] node: Node any: Any` + times(10, " f#: Query") + `
	}
	type Subscription { a: Int b: Int }
`

// costly has generators of documents that are expensive to parse or to validate, of a size
// n. The names are those of rules, or of what they look at.
func costly() map[string]func(n int) string {
	repeat := strings.Repeat
	field := func(f string) func(int) string { return func(n int) string { return "{me{" + repeat(" "+f, n) + "}}" } }
	fragment := func(operations int, on, selection string) func(int) string {
		return func(n int) string {
			return times(operations, " query Q#{...F}") + " fragment F on Query{" + on + "{" + repeat(" "+selection, n) + "}}"
		}
	}
	return map[string]func(n int) string{
		"merging/scalars":           field("s"),
		"merging/objects":           field("me{s}"),
		"merging/arguments":         field("me(x:1 ids:[1 2 3 4 5 6]){s}"),
		"merging/objects as values": field("find(filter:{a:1 and:[{a:1}{b:\"\"}]}){s}"),
		"merging/one long list":     func(n int) string { return "{" + repeat("me(ids:["+repeat("1 ", n)+"]){s}", 3) + "}" },
		"merging/deep":              field(nested(30, "me{", "s", "}")),
		"merging/fragments": func(n int) string {
			return "{me{" + times(n, " ...F#") + "}}" + times(n, " fragment F# on Query{s me{s}}")
		},
		"merging/fragments in fragments": func(n int) string {
			return "{me{...F0}}" + times(n, " fragment F# on Query{s me{s ...G#}} fragment G# on Query{s me{s}}")
		},
		"merging/types": func(n int) string {
			set := "id"
			for range n % 30 {
				set = times(19, " ...on T#{next{next{next{id}}}}") + " next{" + set + "}"
			}
			return "{node{" + set + "}}"
		},
		"merging/aliases": func(n int) string {
			return "{me{" + times(min(n, 499), " a#:s") + repeat(" s", max(0, n-499)) + "}}"
		},
		"merging/conflicts":     func(n int) string { return "{me{" + times(n, " me(x:#){s}") + "}}" },
		"operations":            fragment(700, "me", "s"),
		"operations/some":       fragment(30, "me", "s __typename"),
		"operations/nested":     fragment(30, "me", "me{me{me{s}}}"),
		"operations/types":      fragment(30, "any", "...on Node{...on T0{id}}"),
		"operations/wrong":      fragment(30, "me", "nope"),
		"operations/directives": fragment(8, "me", "s@skip(if:false)"),
		"operations/values":     fragment(30, "me", "sum(of:[1 2 3 4 5 6 7 8 9])"),
		"operations/variables": func(n int) string {
			return times(20, " query Q#("+times(30, "$v#:Int! ")+"){...F}") + " fragment F on Query{me{" + repeat(" sum(of:[$v29 $v29])", n) + "}}"
		},
		"operations/anonymous": func(n int) string { return repeat("{s}", n) },
		"operations/of a name": func(n int) string { return repeat(" query Q{s}", n) },
		"fragments/chain": func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, " fragment F%d on Query{s s s s s ...F%d}", i, i+1)
			}
			return "{...F0}" + b.String() + fmt.Sprintf(" fragment F%d on Query{s}", n)
		},
		"fragments/double":  func(n int) string { return doubling(n%100, "", "") },
		"fragments/unknown": func(n int) string { return "{me{" + times(n, " ...F#") + "}}" },
		"fragments/cycle":   func(n int) string { return "{...F0}" + times(n, " fragment F# on Query{...F0}") },
		"fragments/cycles":  func(n int) string { return "{...F} fragment F on Query{" + repeat(" ...F", n) + "}" },
		"fragments/cycle below": func(n int) string {
			return "{...F}" + times(n, " fragment F# on Query{...H}") + " fragment H on Query{...F} fragment F on Query{" + times(n, " ...F#") + " me{" + repeat("s ", 1000) + "}}"
		},
		"variables/used": func(n int) string {
			return "query(" + times(n, "$v#:Int! ") + "){me{sum(of:[" + times(n, "$v# ") + "])}}"
		},
		"variables/long names": func(n int) string {
			long := "$" + repeat("v", 400)
			return "query(" + times(n/5, long+"#:Int! ") + "){me{sum(of:[" + repeat(long+"0 ", n) + "])}}"
		},
		"variables/undefined": func(n int) string { return "{sum(of:[" + times(n, "$v# ") + "])}" },
		"variables/unused":    func(n int) string { return "query(" + times(n, "$v#:Int ") + "){s}" },
		"variables/types":     func(n int) string { return "query(" + times(n, "$v#:"+nested(39, "[", "ID", "]")) + "){s}" },
		"values/nested":       func(n int) string { return "{find(filter:" + nested(n, "{not:", "{a:1}", "}") + "){s}}" },
		"values/nested wide": func(n int) string {
			return "{find(filter:" + nested(36, "{not:", "{and:["+repeat("{a:1}", n)+"]}", "}") + "){s}}"
		},
		"values/nested text":    func(n int) string { return "{s(name:" + nested(38, "[", `"`+repeat(`\t`, n*30)+`"`, "]") + ")}" },
		"values/wrong":          func(n int) string { return "{find(filter:{and:[" + repeat(`{a:A b:1 c:"COLOR"}`, n) + "]}){s}}" },
		"values/twice":          func(n int) string { return "{find(filter:{" + repeat("a:1 ", n) + "}){s}}" },
		"values/lists":          func(n int) string { return "{me{" + times(6, "a#:sum(of:["+repeat("1 ", n)+"])") + "}}" },
		"arguments/unknown":     func(n int) string { return "{s(" + times(n, "a#:1 ") + ")}" },
		"arguments/twice":       func(n int) string { return "{s(" + repeat("name:1 ", n) + ")}" },
		"directives/unknown":    func(n int) string { return "{s" + repeat("@a", n) + "}" },
		"directives/everywhere": field("s@skip(if:false)"),
		"deferred":              func(n int) string { return "{" + repeat("...@defer{me{s}}", n) + "}" },
		"deferred/nested":       func(n int) string { return "{me{" + repeat(nested(n%50, "...@defer{", "s", "}"), n/50+1) + "}}" },
		"deferred/in one place": func(n int) string { return "{" + nested(n, "...@defer{", "s", "}") + "}" },
		"types/abstract":        func(n int) string { return "{any{" + repeat(" ...on Node{id}", n) + "}}" },
		"types/objects":         func(n int) string { return "{node{" + repeat(" ...on T1{id} ...on T2{id}", n) + "}}" },
		"introspection":         func(n int) string { return "{me{s} " + repeat("__schema{types{fields{type{fields{name}}}}}", n) + "}" },
		"introspection/nested":  func(n int) string { return "{" + repeat(nested(38, `__type(name:"a"){`, "name", "}"), n) + "}" },
		"subscription":          func(n int) string { return "subscription{" + repeat(" a b", n) + "}" },
		"names/field":           func(n int) string { return "{" + repeat(repeat("n", n*3)+" ", 20) + "}" },
		"names/argument":        func(n int) string { return "{s(" + repeat(repeat("n", n*3)+":1 ", 20) + ")}" },
		"names/type":            func(n int) string { return "{s}" + times(20, " fragment F# on "+repeat("n", n*3)+"{s}") },
		"names/enum":            func(n int) string { return "{s(color:" + repeat("n", n*60) + ")}" },
		"names/enum text":       func(n int) string { return `{s(color:"` + repeat("n", n*60) + `")}` },
		"names/input field":     func(n int) string { return "{find(filter:{" + repeat(repeat("n", n*3)+":1 ", 20) + "}){s}}" },
		"text/escapes":          func(n int) string { return `{s(name:"` + repeat(`\u0041`, n*10) + `")}` },
		"text/escaped quotes":   func(n int) string { return `{s(name:"` + repeat(`\"`, n*30) + `\u0041")}` },
		"text/lines":            func(n int) string { return `{s(name:"""` + repeat("x\n", n*30) + `""")}` },
		"text/blank lines":      func(n int) string { return `{s(name:"""` + repeat(" \n", n*30) + `""")}` },
		"text/blocks":           func(n int) string { return `{s(name:"""` + repeat(`\"""`, n*15) + `""") x:s(name:"\u0041")}` },
		"text/comment":          func(n int) string { return "#" + repeat(`"é`, n*20) + "\n{s(name:\"\\u0041\")}" },
		"text/comments":         func(n int) string { return repeat("#\n", n) + "{s}" },
		"text/spaces":           func(n int) string { return "{s" + repeat(", \n\t", n*15) + "}" },
		"text/lines, deferred": func(n int) string {
			return `{s(name:"""` + repeat("x\n", n*20) + `""")...@defer{me{` + repeat("s ", n/10) + "}}}"
		},
	}
}

// cpuTime returns the CPU time that f takes on its goroutine.
func cpuTime(f func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const thread = 1 // RUSAGE_THREAD
	used := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(thread, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	f()
	return used() - before
}

// The largest document of each kind that the default limits admit is parsed and validated
// in at most 50 ms of CPU time.
func TestValidation_TakesLittleTime(t *testing.T) {
	const atMost, largest = 50 * time.Millisecond, 20_000
	s, _ := newCachedIn(t, nil, wide, engine.Config{Introspection: true}, prometheus.NewRegistry())
	for name, generate := range costly() {
		t.Run(name, func(t *testing.T) {
			admitted := func(n int) bool {
				text := generate(n)
				if len(text) > limits.Default().Body {
					return false
				}
				_, refused := s.handler.Explain(t.Context(), engine.Request{Query: text, OperationName: "Q0"})
				return refused == nil || refused.Errors[0].Extensions["code"] != tooComplex
			}
			n := max(1, sort.Search(largest, func(n int) bool { return n > 1 && !admitted(n) })-1)
			const runs = 4 // the clock ticks slowly
			took := time.Hour
			for i := 0; i < 3 && took > atMost; i++ {
				took = min(took, cpuTime(func() {
					for range runs {
						admitted(n)
					}
				})/runs)
			}
			t.Logf("n = %d, %d bytes: %v", n, len(generate(n)), took)
			if took > atMost {
				t.Errorf("it takes %v", took)
			}
		})
	}
}
