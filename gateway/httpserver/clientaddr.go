package httpserver

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddrs tells the addresses of clients, also of those behind proxies.
type ClientAddrs struct{ trusted []netip.Prefix }

// NewClientAddrs returns the addresses of clients behind the proxies at the given addresses
// or in the given networks, whose X-Forwarded-For counts.
func NewClientAddrs(proxies []string) (*ClientAddrs, error) {
	c := &ClientAddrs{}
	for _, text := range proxies {
		prefix, err := netip.ParsePrefix(text)
		if addr, addrErr := netip.ParseAddr(text); addrErr == nil && addr.Zone() == "" {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil || prefix.Addr().Is4In6() {
			return nil, fmt.Errorf("trusted-proxies: %q is neither an address nor a network, as in 10.0.0.0/8", text)
		}
		c.trusted = append(c.trusted, prefix.Masked())
	}
	return c, nil
}

// Of returns the address of a request's client: that of the connection, or, if it is a
// proxy's, the last one in X-Forwarded-For that is not a proxy's. What stands before it may
// be forged. An IPv6 address is that of its network of 64 bits, of which a client has all
// addresses. It is invalid if the connection has none.
func (c *ClientAddrs) Of(r *http.Request) netip.Prefix {
	addr, ok := parseAddr(r.RemoteAddr)
	if !ok {
		return netip.Prefix{}
	}
	if c.isTrusted(addr) {
		addr = c.forwarded(r.Header.Values("X-Forwarded-For"), addr)
	}
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(addr, bits).Masked()
}

// forwarded returns the last address in the fields of X-Forwarded-For that is not a
// proxy's, or the first proxy's before one that is no address.
func (c *ClientAddrs) forwarded(fields []string, proxy netip.Addr) netip.Addr {
	rest := strings.Join(fields, ",")
	for rest != "" {
		comma := strings.LastIndexByte(rest, ',')
		last := rest[comma+1:]
		rest = rest[:max(comma, 0)]
		addr, ok := parseAddr(strings.TrimSpace(last))
		if !ok {
			return proxy
		}
		if proxy = addr; !c.isTrusted(addr) {
			return addr
		}
	}
	return proxy
}

func (c *ClientAddrs) isTrusted(addr netip.Addr) bool {
	for _, p := range c.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// parseAddr reads an address with or without a port.
func parseAddr(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		withPort, portErr := netip.ParseAddrPort(text)
		addr, err = withPort.Addr(), portErr
	}
	return addr.Unmap().WithZone(""), err == nil
}
