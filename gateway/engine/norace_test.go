//go:build !race

package engine_test

import "time"

// soon is how long an attack may be at work, on a machine that is busy with
// other things: alone it takes a seventh of that.
const soon = 2 * time.Second
