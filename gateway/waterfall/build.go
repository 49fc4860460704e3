package waterfall

import (
	"cmp"
	"slices"
	"time"

	"tributary/gateway/internal/truncate"
	"tributary/gateway/tracing"
)

// node is a step with the steps that are part of it.
type node struct {
	tracing.Record
	open     bool
	critical bool
	children []*node
}

// New returns the trace of a request by its spans. Dropped is how many more spans
// there were.
func New(records []tracing.Record, dropped int) *Trace {
	t := &Trace{Rows: []Row{}, Dropped: dropped, Totals: Totals{Calls: map[string]int{}}}
	if len(records) == 0 {
		return t
	}
	root := buildTree(records)
	root.markCriticalPath(root.End)
	t.Duration = ms(root.End.Sub(root.Start))
	t.count(root)
	for _, part := range root.children {
		t.add(part, root.Start, 0)
	}
	return t
}

// buildTree builds a tree of records. A batch becomes a child of the resolver that waits for it,
// although the look-ahead may have started it earlier. Running steps are taken to end with
// the last finished one.
func buildTree(records []tracing.Record) *node {
	nodes := make(map[string]*node, len(records))
	root := &node{Record: tracing.Record{Start: records[0].Start}}
	for _, r := range records {
		nodes[r.ID] = &node{Record: r, open: r.End.IsZero()}
		if r.Start.Before(root.Start) {
			root.Start = r.Start
		}
		if r.End.After(root.End) && r.Step != tracing.Refresh {
			root.End = r.End
		}
	}
	for _, r := range records {
		n := nodes[r.ID]
		if n.open {
			n.End = maxTime(root.End, n.Start)
		}
		parent := nodes[r.Parent]
		if r.Step == tracing.Batch {
			parent = cmp.Or(waitingResolver(r, nodes), parent)
		}
		parent = cmp.Or(parent, root)
		parent.children = append(parent.children, n)
	}
	root.sort()
	return root
}

// waitingResolver returns the first resolver that waits for a batch.
func waitingResolver(batch tracing.Record, nodes map[string]*node) *node {
	for _, id := range batch.Links {
		if n := nodes[id]; n != nil && n.Step == tracing.Resolve {
			return n
		}
	}
	return nil
}

func (n *node) sort() {
	slices.SortStableFunc(n.children, func(a, b *node) int { return a.Start.Compare(b.Start) })
	for _, part := range n.children {
		part.sort()
	}
}

// add appends the rows of n and its children, up to the maximum. A call with a single
// attempt is shown as that attempt.
func (t *Trace) add(n *node, zero time.Time, depth int) {
	switch {
	case n.Step == tracing.Call && len(n.children) == 1:
		depth--
	case len(t.Rows) < maxRows:
		t.Rows = append(t.Rows, n.row(zero, depth))
	default:
		t.Dropped++
	}
	for _, part := range n.children {
		t.add(part, zero, depth+1)
	}
}

func (n *node) row(zero time.Time, depth int) Row {
	keys, _ := n.Attributes[tracing.KeyList].([]string)
	r := Row{
		Step: string(n.Step), Name: n.Name, Depth: depth,
		Start: ms(n.Start.Sub(zero)), Duration: ms(n.End.Sub(n.Start)),
		Open: n.open, Critical: n.critical, Error: n.Error,
		Service: n.text(tracing.Service), Count: n.number(tracing.Count),
		KeyCount: n.number(tracing.Keys),
	}
	for _, key := range keys[:min(len(keys), maxKeys)] {
		r.Keys = append(r.Keys, truncate.String(key, maxText))
	}
	switch n.Step {
	case tracing.Resolve:
		r.Name = cmp.Or(n.text(tracing.Field), r.Name)
	case tracing.Cache:
		r.Cache = &Cache{n.number(tracing.FromMemory), n.number(tracing.FromRedis), n.number(tracing.Stale),
			n.number(tracing.Missed), n.number(tracing.Coalesced)}
	case tracing.Attempt:
		r.Attempt = &Attempt{
			Kind: n.text(tracing.AttemptKind), Method: n.text(tracing.Method), Path: truncate.String(n.text(tracing.Path), maxText),
			Status: n.number(tracing.Status), Bytes: max(0, n.number(tracing.Bytes)), Write: n.text(tracing.Write) != "",
			Sent: n.text(tracing.Sent), Received: n.text(tracing.Received),
		}
	case tracing.Call:
		if outcome := n.text(tracing.Outcome); outcome != "ok" {
			r.Error = cmp.Or(r.Error, outcome)
		}
	default:
	}
	return r
}

func (n *node) text(key tracing.Key) string {
	s, _ := n.Attributes[key].(string)
	return s
}

func (n *node) number(key tracing.Key) int {
	i, _ := n.Attributes[key].(int64)
	return int(i)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
