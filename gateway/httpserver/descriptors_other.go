//go:build !unix

package httpserver

// descriptorLimit returns 0: the limit is unknown.
func descriptorLimit() uint64 { return 0 }
