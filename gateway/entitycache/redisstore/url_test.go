package redisstore_test

import (
	"fmt"
	"strings"
	"testing"

	"tributary/gateway/entitycache/redisstore"
)

func TestRedisURL_Valid(t *testing.T) {
	for url, want := range map[string]string{
		"redis://":                                     "[localhost:6379] db 0 user '' password '' tls false master ''",
		"redis://redis":                                "[redis:6379] db 0 user '' password '' tls false master ''",
		"redis://redis:7000/2":                         "[redis:7000] db 2 user '' password '' tls false master ''",
		"redis://redis?db=3":                           "[redis:6379] db 3 user '' password '' tls false master ''",
		"redis://:p%40ss@redis":                        "[redis:6379] db 0 user '' password 'p@ss' tls false master ''",
		"redis://ann:p,a@ss@redis":                     "[redis:6379] db 0 user 'ann' password 'p,a@ss' tls false master ''",
		"rediss://ann:x@redis.example.com":             "[redis.example.com:6379] db 0 user 'ann' password 'x' tls true master ''",
		"redis://[::1]:7000":                           "[[::1]:7000] db 0 user '' password '' tls false master ''",
		"redis://[::1]":                                "[[::1]:6379] db 0 user '' password '' tls false master ''",
		"redis://a,b:7001,[::1]:7002":                  "[a:6379 b:7001 [::1]:7002] db 0 user '' password '' tls false master ''",
		"redis://a:1,redis://b:2":                      "[a:1 b:2] db 0 user '' password '' tls false master ''",
		"redis://a:1, b:2 ,\tc":                        "[a:1 b:2 c:6379] db 0 user '' password '' tls false master ''",
		"rediss://a , rediss://b/0":                    "[a:6379 b:6379] db 0 user '' password '' tls true master ''",
		"redis://ann:x@a,b,redis://c":                  "[a:6379 b:6379 c:6379] db 0 user 'ann' password 'x' tls false master ''",
		"redis://s1,redis://s2/1?master_name=m":        "[s1:6379 s2:6379] db 1 user '' password '' tls false master 'm'",
		"redis://:x@s1:26379,s2:26379/1?master_name=m": "[s1:26379 s2:26379] db 1 user '' password 'x' tls false master 'm'",
		"redis://s1:26379?master_name=m":               "[s1:26379] db 0 user '' password '' tls false master 'm'",
	} {
		o, err := redisstore.ParseURL(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		got := fmt.Sprintf("%v db %d user '%s' password '%s' tls %v master '%s'", o.Addrs, o.DB, o.Username, o.Password, o.TLSConfig != nil, o.MasterName)
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", url, got, want)
		}
	}
}

func TestRedisURL_SentinelPassword(t *testing.T) {
	o, err := redisstore.ParseURL("redis://:x@s1:26379?master_name=m&sentinel_username=ann&sentinel_password=y")
	if err != nil || o.SentinelUsername != "ann" || o.SentinelPassword != "y" || o.Password != "x" {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestRedisURL_Invalid(t *testing.T) {
	for _, url := range []string{
		"", "redis", "redis:", "http://redis", "unix:///tmp/sock", "//redis",
		"redis://hunter2@:bad", "redis://:hunter2@a,,b", "redis://:hunter2@a,", "redis://:hunter2@a:b", "redis://a:0", "redis://a:65536",
		"redis://:hunter2@a:70000,b", "redis://a/x", "redis://a/-1", "redis://a/1/2", "redis://:12/hunter2@a", "redis://u:hunter2%zz@a",
		"redis://a?master=hunter2", "redis://a?pool_size=1", "redis://a,b/1", "redis://a#b",
		"redis://a,rediss://b", "rediss://a, redis://b", "redis://:hunter2@a,redis://:hunter3@b", "redis://a/0,redis://b/1", "redis://redis://a", "redis://a redis://b",
		"redis://a,redis://", "redis://a, ,b", "redis://a,http://b", "redis://a b", "redis://:hunter2@a\x00",
	} {
		o, err := redisstore.ParseURL(url)
		if err == nil {
			t.Errorf("%q is taken for %v", url, o.Addrs)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error tells the password: %v", url, err)
		}
	}
}

func TestRedisURL_InvalidList(t *testing.T) {
	for url, want := range map[string]string{
		"redis://a,rediss://b":                               "scheme",
		"redis://u:x@a,redis://u:x@b":                        "stand once",
		"redis://a/0,redis://b/0":                            "stand once",
		"redis://s1?master_name=m, redis://s2?master_name=m": "stand once",
		"redis://a:1 redis://b:2":                            "comma",
	} {
		if _, err := redisstore.ParseURL(url); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something about %s", url, err, want)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{"redis://:pass@host:6379/0", "rediss://a,b,c", "redis://s?master_name=m", "redis://[::1]:1", "redis://%", "", "redis://u:p@a/0, redis://u:p@b/0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, url string) {
		o, err := redisstore.ParseURL(url)
		if err != nil {
			return
		}
		if len(o.Addrs) == 0 || !strings.HasPrefix(url, "redis") || o.DB < 0 {
			t.Errorf("%q is taken for %+v", url, o)
		}
		for _, addr := range o.Addrs {
			if host, port, ok := cutLast(addr, ":"); !ok || host == "" || port == "" {
				t.Errorf("%q has the address %q", url, addr)
			}
		}
	})
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
