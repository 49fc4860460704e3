package load

import "time"

// tick is how often a steady load sends what is due.
const tick = 10 * time.Millisecond

// Steady sends requests at a rate, whether they are answered or not, over so
// many connections, for a time. It ends at the first answer that is not a 200,
// or that says "errors".
func Steady(addr string, next Request, perSecond, connections int, duration time.Duration) (Result, error) {
	due := make(chan []byte, perSecond) // a second may pile up
	wait := start(addr, connections, func(yield func([]byte) bool) {
		for request := range due {
			if !yield(request) {
				return
			}
		}
	})
	began := time.Now()
	for sent := 0; ; time.Sleep(tick) {
		passed := time.Since(began)
		for ; sent < int(passed.Seconds()*float64(perSecond)); sent++ {
			select {
			case due <- next():
			default: // it is not taken: it is not counted
			}
		}
		if passed >= duration {
			break
		}
	}
	close(due)
	return wait()
}
