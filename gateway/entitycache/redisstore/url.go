package redisstore

import (
	"crypto/tls"
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// ParseURL parses the URL of a Redis as [redis.ParseURL] does, which takes one host,
// and with lists of hosts:
//
//	redis://user:password@host:6379/0
//	redis://host-1:6379,host-2:6379,host-3:6379                a cluster
//	redis://host-1:6379, redis://host-2:6379                   the same
//	redis://sentinel-1:26379,sentinel-2:26379?master_name=main  what sentinels name
//
// Its parameters are db, master_name, sentinel_username and sentinel_password. Errors do
// not contain the URL, which may have a password.
func ParseURL(rawURL string) (*redis.UniversalOptions, error) {
	scheme, list, ok := strings.Cut(rawURL, "://")
	if !ok || (scheme != "redis" && scheme != "rediss") {
		return nil, errors.New("a Redis URL begins with redis:// or rediss://")
	}
	rest, tail := regexp.MustCompile(`,\s*`+scheme+`://`).ReplaceAllString(list, ","), ""
	repeated := rest != list
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest, tail = rest[:i], rest[i:]
	}
	if strings.HasPrefix(tail, "//") {
		return nil, errors.New("it has URLs of more than one scheme, or no comma between them")
	}
	if repeated && (strings.Count(rest, "@") > 1 || strings.Contains(tail, ",")) {
		return nil, errors.New("user, password, database and parameters stand once: before the first host, and after the last")
	}
	opts := &redis.UniversalOptions{}
	tail, err := takeSentinels(tail, opts)
	if err != nil {
		return nil, err
	}
	at := strings.LastIndex(rest, "@") + 1
	hosts := strings.Split(rest[at:], ",")
	for _, host := range hosts {
		host = strings.TrimSpace(host)
		one, err := redis.ParseURL(scheme + "://" + rest[:at] + host + tail)
		if err != nil || one.DB < 0 || host == "" && len(hosts) > 1 {
			return nil, errors.New("it is not like redis://user:password@host:6379/0, with commas between several hosts")
		}
		if port, err := strconv.ParseUint(one.Addr[strings.LastIndex(one.Addr, ":")+1:], 10, 16); err != nil || port == 0 {
			return nil, errors.New("a port is not between 1 and 65535")
		}
		opts.Addrs, opts.Username, opts.Password, opts.DB = append(opts.Addrs, one.Addr), one.Username, one.Password, one.DB
	}
	if opts.DB != 0 && len(opts.Addrs) > 1 && opts.MasterName == "" {
		return nil, errors.New("a cluster has no other database than 0")
	}
	if scheme == "rediss" { // each host is verified by its own name
		opts.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	setTimeouts(opts)
	return opts, nil
}

// takeSentinels moves the parameters of sentinels from tail, "/0?a=b", to opts.
func takeSentinels(tail string, opts *redis.UniversalOptions) (string, error) {
	path, query, _ := strings.Cut(tail, "?")
	params, err := url.ParseQuery(query)
	if err != nil || strings.Contains(tail, "#") {
		return "", errors.New("its parameters are not those of a URL")
	}
	for name, to := range map[string]*string{
		"master_name": &opts.MasterName, "sentinel_username": &opts.SentinelUsername, "sentinel_password": &opts.SentinelPassword,
	} {
		*to = params.Get(name)
		params.Del(name)
	}
	if len(params) > 1 || len(params) == 1 && !params.Has("db") {
		return "", errors.New("it has a parameter that is none of db, master_name, sentinel_username, sentinel_password")
	}
	return path + "?" + params.Encode(), nil
}

// setTimeouts sets timeouts and pool sizes for a Redis that may not respond. Calls are limited
// by their contexts; the timeouts are for background work.
func setTimeouts(opts *redis.UniversalOptions) {
	opts.ContextTimeoutEnabled = true
	opts.DialTimeout, opts.DialerRetries = dialTimeout, 1
	opts.ReadTimeout, opts.WriteTimeout, opts.PoolTimeout = probeBudget, probeBudget, roundTripBudget
	opts.MaxRetries, opts.MinRetryBackoff, opts.MaxRetryBackoff = 1, time.Millisecond, 5*time.Millisecond
	opts.DisableIdentity = true
	opts.PoolSize = 2 * lanesOpen
	if opts.TLSConfig == nil {
		// So that no lookup waits for a connection. By TLS, the first command on a connection
		// that was made ahead takes 50 ms, as much as a lookup may.
		opts.MinIdleConns = lanesOpen
	}
	opts.ConnMaxLifetime, opts.ConnMaxLifetimeJitter = dataLifetime, dataLifetime/4
	opts.PipelinePoolSize = -1 // all commands are pipelined, so a single pool with its metrics suffices
	opts.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
