package upstream

import (
	"errors"
	"net/url"
)

// ParseURL reads the URL of a service: http:// or https://, a host and maybe a
// path. A client would use nothing else, and so nothing else may be there. Its
// errors go on from a name, and do not repeat the URL, which may hold a password.
func ParseURL(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil, errors.New("must be a URL with http:// or https:// and a host")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("must be a URL without user, query and fragment")
	}
	return u, nil
}
