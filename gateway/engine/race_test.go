//go:build race

package engine_test

import "time"

// soon is how long an attack may be at work: the race detector takes several
// times what the gateway does.
const soon = 10 * time.Second
