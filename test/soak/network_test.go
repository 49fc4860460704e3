package soak_test

import (
	"encoding/pem"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"tributary/gateway/entitycache/redistest"
	"tributary/internal/testkit/tcpproxy"
)

// network is what lies between the gateway and its services and Redis: a proxy for each,
// which falls silent, delays, cuts and switches.
type network struct {
	proxies []*tcpproxy.Proxy // of the services, in their order, and of Redis if there is one
	targets []string
	redis   []*redistest.Server // the second is what the name of the first may lead to
	arrange []string            // settings of the gateway
	hung    bool                // the first Redis
	scarce  int                 // the process that may open no files any more, 0: none
}

// newNetwork returns the network to services. The products are spoken to by HTTP/2.
func newNetwork(t *testing.T, users, orders, products string) *network {
	t.Helper()
	n := &network{}
	secure, ca := overHTTP2(t, products)
	for _, target := range []string{users, orders, secure} {
		to, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		n.add(t, to.Host)
	}
	n.arrange = []string{
		"--users-url=http://" + n.proxies[0].Addr, "--orders-url=http://" + n.proxies[1].Addr,
		"--products-url=https://" + n.proxies[2].Addr, "--products-ca=" + ca,
	}
	name := os.Getenv("REDIS_SERVER")
	if name == "" {
		name = "redis-server"
	}
	if _, err := exec.LookPath(name); err != nil {
		t.Log("NOT TESTED with Redis: there is no redis-server here")
		return n
	}
	n.redis = []*redistest.Server{redistest.Start(t), redistest.Start(t)}
	n.add(t, n.redis[0].Addr)
	n.arrange = append(n.arrange, "--redis-url=redis://"+n.proxies[3].Addr)
	return n
}

func (n *network) add(t *testing.T, target string) {
	t.Helper()
	n.proxies, n.targets = append(n.proxies, tcpproxy.New(t, target)), append(n.targets, target)
}

// overHTTP2 returns the URL of an HTTP/2 server that forwards requests to target, and a file with
// its certificate.
func overHTTP2(t *testing.T, target string) (address, ca string) {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	silent := slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	transport := &http.Transport{DisableKeepAlives: true} // it logs what services send too much
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: transport, ErrorLog: silent,
	})
	server.EnableHTTP2, server.Config.ErrorLog = true, silent
	server.StartTLS()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return server.URL, ca
}

// breakSomething gives one connection a fault, or heals all. A gateway that can open no files
// accepts no clients either, and so that ends with the next call.
func (n *network) breakSomething(gateway int) {
	n.healFiles()
	p := n.proxies[rand.N(len(n.proxies))]
	switch rand.N(12) {
	case 0, 1:
		p.Silence()
	case 2:
		p.Delay(rand.N(100 * time.Millisecond))
	case 3:
		p.Cut()
	case 4:
		p.Cut()
		p.Restore()
	case 5:
		if len(n.redis) > 0 {
			n.proxies[3].Switch(n.redis[1].Addr)
		}
	case 6:
		if len(n.redis) > 0 && !n.hung {
			n.redis[0].Hang()
			n.hung = true
		}
	case 7:
		n.limitFiles(gateway, "8")
	default:
		n.heal()
	}
}

// limitFiles sets how many files a process may have open. Fewer than it has means that it
// can open none.
func (n *network) limitFiles(process int, most string) {
	if path, err := exec.LookPath("prlimit"); err == nil &&
		exec.Command(path, "--pid", strconv.Itoa(process), "--nofile="+most+":").Run() == nil {
		n.scarce = process
	}
}

func (n *network) healFiles() {
	if n.scarce != 0 {
		n.limitFiles(n.scarce, "1024")
		n.scarce = 0
	}
}

func (n *network) heal() {
	n.healFiles()
	if n.hung {
		n.redis[0].Continue()
		n.hung = false
	}
	for i, p := range n.proxies {
		p.Heal(n.targets[i])
	}
}
