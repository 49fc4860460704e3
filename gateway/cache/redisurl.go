package cache

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// ParseRedisURL parses the URL of a Redis: redis:// or, for TLS, rediss://, with user
// and password, one or several hosts, and a database number:
//
//	redis://user:password@host:6379/0
//	redis://host-1:6379,host-2:6379,host-3:6379                a cluster
//	redis://host-1:6379, redis://host-2:6379                   the same, as whole URLs
//	redis://sentinel-1:26379,sentinel-2:26379?master_name=main  what sentinels name
//
// Sentinels may have a sentinel_username and a sentinel_password of their own. Errors
// do not contain the URL, which may have a password.
func ParseRedisURL(rawURL string) (*redis.UniversalOptions, error) {
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok || (scheme != "redis" && scheme != "rediss") {
		return nil, errors.New("a Redis URL begins with redis:// or rediss://")
	}
	// net/url does not support lists of hosts, so it parses the URL without them.
	userinfo, hosts, tail, err := splitList(rest, scheme)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(scheme + "://" + userinfo + "host" + tail)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	opts := &redis.UniversalOptions{Username: u.User.Username()}
	opts.Password, _ = u.User.Password()
	if opts.Addrs, err = addresses(hosts); err != nil {
		return nil, err
	}
	if err := parameters(opts, u); err != nil {
		return nil, err
	}
	if scheme == "rediss" {
		opts.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	limit(opts)
	return opts, nil
}

// splitList splits a list of URLs, the first of them without its scheme, into the three
// parts of a single one. The hosts are joined; the other parts may be repeated, but must
// not differ.
func splitList(list, scheme string) (userinfo, hosts, tail string, err error) {
	urls := strings.Split(list, scheme+"://")
	all := make([]string, len(urls))
	for i, u := range urls {
		if i < len(urls)-1 {
			var comma bool
			if u, comma = strings.CutSuffix(strings.TrimSpace(u), ","); !comma {
				return "", "", "", errors.New("no comma is before its second URL")
			}
		}
		user, host, end := splitAuthority(u)
		if strings.HasSuffix(host, ":") && strings.HasPrefix(end, "//") {
			return "", "", "", errors.New("it has URLs of more than one scheme")
		}
		userinfo, tail, all[i] = cmp.Or(userinfo, user), cmp.Or(tail, end), host
		if cmp.Or(user, userinfo) != userinfo || cmp.Or(end, tail) != tail {
			return "", "", "", errors.New("it has URLs with different users, passwords, databases or parameters")
		}
	}
	return userinfo, strings.Join(all, ","), tail, nil
}

// splitAuthority splits "user:password@host,host/0?a=b" into its three parts. The first
// ends in "@" unless it is empty.
func splitAuthority(s string) (userinfo, hosts, tail string) {
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		s, tail = s[:i], s[i:]
	}
	if i := strings.LastIndex(s, "@"); i >= 0 {
		return s[:i+1], s[i+1:], tail
	}
	return "", s, tail
}

func addresses(hosts string) ([]string, error) {
	if hosts == "" {
		return []string{"localhost:6379"}, nil
	}
	addrs := strings.Split(hosts, ",")
	for i, addr := range addrs {
		addr = strings.TrimSpace(addr)
		u, err := url.Parse("redis://" + addr)
		if err != nil || u.Hostname() == "" || u.Host != addr {
			return nil, errors.New("a host is empty or invalid")
		}
		port := u.Port()
		if port == "" {
			port = "6379"
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, errors.New("a port is not between 1 and 65535")
		}
		addrs[i] = net.JoinHostPort(u.Hostname(), port)
	}
	return addrs, nil
}

func parameters(opts *redis.UniversalOptions, u *url.URL) error {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || u.Fragment != "" {
		return errors.New("not a URL")
	}
	db := strings.Trim(u.Path, "/")
	for name := range query {
		switch value := query.Get(name); name {
		case "master_name":
			opts.MasterName = value
		case "sentinel_username":
			opts.SentinelUsername = value
		case "sentinel_password":
			opts.SentinelPassword = value
		case "db":
			db = value
		default:
			return errors.New("it has a parameter that is none of db, master_name, sentinel_username, sentinel_password")
		}
	}
	if db == "" {
		return nil
	}
	if opts.DB, err = strconv.Atoi(db); err != nil || opts.DB < 0 {
		return errors.New("the database is not a number")
	}
	if opts.DB != 0 && len(opts.Addrs) > 1 && opts.MasterName == "" {
		return errors.New("a cluster has no other database than 0")
	}
	return nil
}

// limit sets timeouts and pool sizes for a Redis that may not respond. Calls are limited
// by their contexts; the timeouts are for background work.
func limit(opts *redis.UniversalOptions) {
	opts.ContextTimeoutEnabled = true
	opts.DialTimeout, opts.DialerRetries = redisDialTimeout, 1
	opts.ReadTimeout, opts.WriteTimeout, opts.PoolTimeout = redisProbeBudget, redisProbeBudget, redisBudget
	opts.MaxRetries, opts.MinRetryBackoff, opts.MaxRetryBackoff = 1, time.Millisecond, 5*time.Millisecond
	opts.DisableIdentity = true
	opts.PipelinePoolSize = -1 // all commands are pipelined, so a single pool with its metrics suffices
	opts.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
