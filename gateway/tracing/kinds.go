package tracing

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// A kind describes the valid values of a variable. Its text must not contain the
// actual value, which may be a secret.
type kind struct {
	must  string // follows "NAME must be" in errors
	holds func(value string) bool
}

func anything() kind { return kind{"a text", func(string) bool { return true }} }

func oneOf(known ...string) kind {
	return kind{"one of " + strings.Join(known, ", "), func(value string) bool { return slices.Contains(known, value) }}
}

func truth() kind {
	return kind{"true or false", func(value string) bool {
		return strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
	}}
}

// number accepts whole numbers as the library parses them: without spaces.
func number(least, most int) kind {
	return kind{fmt.Sprintf("a whole number from %d to %d", least, most), func(value string) bool {
		n, err := strconv.Atoi(value)
		return err == nil && n >= least && n <= most
	}}
}

func share() kind {
	return kind{"a number from 0 to 1", func(value string) bool {
		f, err := strconv.ParseFloat(value, 64)
		return err == nil && f >= 0 && f <= 1
	}}
}

// propagators accepts what is supported: W3C Trace Context. Baggage is part of the
// specification's default and accepted as well; it is propagated only where its header
// is forwarded.
func propagators() kind {
	return kind{"tracecontext or tracecontext,baggage", func(value string) bool {
		names := strings.Split(strings.ReplaceAll(value, " ", ""), ",")
		others := slices.ContainsFunc(names, func(name string) bool { return name != "tracecontext" && name != "baggage" })
		return !others && slices.Contains(names, "tracecontext")
	}}
}

// collector accepts the URL of a collector, without the components that the library
// would silently drop.
func collector() kind {
	return kind{"a URL with http:// or https:// and a host, and without user, query and fragment", func(value string) bool {
		u, err := url.Parse(value)
		return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
			u.User == nil && u.RawQuery == "" && u.Fragment == ""
	}}
}

func headers() kind {
	return kind{"headers as in name=value,name=value, values percent-encoded", func(value string) bool {
		return arePairs(value, func(name, value string) bool {
			return httpguts.ValidHeaderFieldName(name) && httpguts.ValidHeaderFieldValue(value)
		})
	}}
}

func attributes() kind {
	return kind{"attributes as in name=value,name=value, values percent-encoded", func(value string) bool {
		return arePairs(value, func(name, _ string) bool { return name != "" })
	}}
}

func arePairs(list string, ok func(name, value string) bool) bool {
	for pair := range strings.SplitSeq(list, ",") {
		name, encoded, found := strings.Cut(pair, "=")
		value, err := url.PathUnescape(encoded)
		if !found || err != nil || !ok(strings.TrimSpace(name), strings.TrimSpace(value)) {
			return false
		}
	}
	return true
}

func authorities() kind {
	return kind{"a file of PEM certificates that can be read", func(name string) bool {
		text, err := os.ReadFile(name) //nolint:gosec // G304: the operator names the file
		return err == nil && x509.NewCertPool().AppendCertsFromPEM(text)
	}}
}

// certificateOf accepts a certificate file that matches the key file of another variable.
func certificateOf(variable, key string) kind {
	return kind{"a PEM certificate that can be read, its key in " + variable, func(name string) bool {
		return isPair(name, key)
	}}
}

// keyOf accepts a key file that matches the certificate file of another variable.
func keyOf(variable, certificate string) kind {
	return kind{"the PEM key of the certificate in " + variable, func(name string) bool {
		return isPair(certificate, name)
	}}
}

func isPair(certificate, key string) bool {
	_, err := tls.LoadX509KeyPair(certificate, key)
	return err == nil
}
