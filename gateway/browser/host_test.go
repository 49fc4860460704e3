package browser_test

import (
	"net/http"
	"testing"

	"tributary/gateway/browser"
)

func TestHost_IsLocal(t *testing.T) {
	for host, local := range map[string]bool{
		"localhost": true, "localhost:8000": true, "LocalHost:1": true, "localhost.": true, "app.localhost:8000": true,
		"127.0.0.1": true, "127.0.0.1:8000": true, "192.168.1.7:8000": true, "10.0.0.1": true,
		"[::1]": true, "[::1]:8000": true, "[fe80::1%25eth0]:8000": true, "[2001:db8::1]:80": true,
		"": false, "evil.example": false, "evil.example:8000": false, "localhost.evil.example": false, "notlocalhost": false,
		"127.0.0.1.evil.example": false, "127.0.0.1.evil.example:8000": false, "127.1": false, "0x7f000001": false, "2130706433": false,
		"[::1].evil.example": false, "localhost@evil.example": false, "127.0.0.1:8000:evil.example": false, ".": false, "gateway": false,
	} {
		if browser.IsLocalHost(&http.Request{Host: host}) != local {
			t.Errorf("%q: want %v", host, local)
		}
	}
}
