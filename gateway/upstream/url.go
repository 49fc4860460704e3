package upstream

import (
	"cmp"
	"errors"
	"net/url"
	"strconv"
)

// ParseURL parses the base URL of a service: http:// or https://, a host, and
// optionally a port and a path. Anything else is an error, since it would not be used.
// Errors are phrased to follow a name, and do not contain the URL, which may have a
// password.
func ParseURL(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil, errors.New("must be a URL with http:// or https:// and a host")
	}
	if n, err := strconv.ParseUint(cmp.Or(u.Port(), "80"), 10, 16); err != nil || n == 0 {
		return nil, errors.New("must be a URL whose port, if it has one, is between 1 and 65535")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("must be a URL without user, query and fragment")
	}
	return u, nil
}
