// Package waterfall arranges the spans of one request as a waterfall: a row per step,
// the critical path, totals, and what the same request would save if repeated. Its
// size is bounded. The playground renders the JSON, and [Trace.Draw] draws it in a
// terminal.
//
//	ctx, recorder := tracing.StartRecording(ctx)
//	result := server.Execute(ctx, request)
//	trace := waterfall.New(recorder.Spans(), recorder.Dropped())
package waterfall

// Limits of a trace, so that browsers can display it.
const (
	maxRows = 250
	maxKeys = 10
	maxText = 120 // bytes of a key, a path
)

// A Trace is the value of extensions.trace. Times are in milliseconds since the start
// of the first step.
type Trace struct {
	Duration          float64   `json:"duration_ms"`
	Rows              []Row     `json:"rows"`              // each after the step that it is part of
	Dropped           int       `json:"dropped,omitempty"` // steps that are not among the rows
	FromResponseCache bool      `json:"kept,omitempty"`    // the whole response was in the response cache
	Totals            Totals    `json:"totals"`
	SecondRun         SecondRun `json:"second_run"`
}

// A Row is one step.
type Row struct {
	Step     string  `json:"step"` // of tracing.Step
	Name     string  `json:"name"`
	Depth    int     `json:"depth"` // how many steps it is part of
	Start    float64 `json:"start_ms"`
	Duration float64 `json:"duration_ms"`
	Open     bool    `json:"open,omitempty"`     // still under way when the answer was there
	Critical bool    `json:"critical,omitempty"` // had it been faster, so had the answer
	Error    string  `json:"error,omitempty"`    // why it failed, in one word

	Service  string   `json:"service,omitempty"`
	Count    int      `json:"count,omitempty"`     // in how many places a resolver ran
	KeyCount int      `json:"key_count,omitempty"` // of a batch or a look-up
	Keys     []string `json:"keys,omitempty"`      // the first of them
	Cache    *Cache   `json:"cache,omitempty"`     // of a look-up
	Attempt  *Attempt `json:"attempt,omitempty"`   // of a request to a service
}

// Cache says where the keys of a cache lookup were found.
type Cache struct {
	Memory    int `json:"memory,omitempty"`
	Redis     int `json:"redis,omitempty"`
	Stale     int `json:"stale,omitempty"`     // past their time; the service failed
	Miss      int `json:"miss,omitempty"`      // loaded from the service
	Coalesced int `json:"coalesced,omitempty"` // being loaded already
}

// Attempt is one request to a service.
type Attempt struct {
	Kind   string `json:"kind"` // first, retry, hedge or probe
	Method string `json:"method"`
	Path   string `json:"path"`
	Status int    `json:"status,omitempty"` // 0 without an answer
	Bytes  int    `json:"bytes,omitempty"`
	Write  bool   `json:"write,omitempty"` // it changes something

	// What went over the wire, readable and shortened, where a gateway in development
	// records that.
	Sent     string `json:"sent,omitempty"`
	Received string `json:"received,omitempty"`
}

// Totals are sums over the whole request.
type Totals struct {
	Calls    map[string]int `json:"calls"`    // by service; those that an open circuit refused are none
	Attempts int            `json:"attempts"` // requests, retries and hedges among them
	Bytes    int            `json:"bytes"`    // that services sent
	Found    int            `json:"found"`    // keys that the cache had
	Missed   int            `json:"missed"`   // keys that it had not
}

// SecondRun is what the same request would save if repeated now, because what was
// fetched is cached. Failed calls and writes would be made again.
type SecondRun struct {
	SavedCalls int     `json:"saved_calls"`
	SavedBytes int     `json:"saved_bytes"`
	Saved      float64 `json:"saved_ms"` // about; the waiting for calls that succeeded
}
