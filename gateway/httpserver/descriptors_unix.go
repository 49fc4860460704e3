//go:build unix

package httpserver

import "syscall"

// descriptorLimit returns how many files this process may have open, 0 if that is unknown.
// The Go runtime has raised the soft limit to the hard one.
func descriptorLimit() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return uint64(limit.Cur) //nolint:unconvert // signed on some systems
}
