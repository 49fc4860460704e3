package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"tributary/bench/internal/load"
	"tributary/bench/internal/shop"
)

// The queries.
const (
	profileQuery = `query($id: ID!) { profile(userId: $id) { user { id username email fullName isActive createdAt } ` +
		`orders { id status totalAmount createdAt items { productId quantity price } } ` +
		`products { id name description price category stockQuantity } } }`
	listQuery = `query($ids: [ID!]!) { users(ids: $ids) { username orders { id totalAmount items { quantity price product { name price } } } } }`
	userQuery = `query($id: ID!) { user(id: $id) { orders { items { product { name price } } } } }`
	oneQuery  = `query($id: ID!) { user(id: $id) { id username email fullName isActive createdAt } }`
)

// scenario is one comparison of subjects.
type scenario struct {
	name, title string
	connections int
	delay       int    // of the upstreams, in ms
	base        string // the subject to which the others are compared
	fixed       bool   // all requests are the same
	consecutive int    // the number of consecutive requests about the same shop; 0 for one
	requests    map[string]requestFunc
	goals       []goal
}

// requestFunc returns the request for the users of a shop.
type requestFunc func(shop int) []byte

// goal is an upper bound of the CPU time in relation to base, a lower bound of
// the relative throughput, or an upper bound in ms of the difference at p50. 0: none.
type goal struct {
	subject, base string
	cpu           float64
	perSecond     float64
	maxExtraMS    float64
}

const connections = 8

func scenarios() []scenario {
	profile, list := graphql(profileQuery, "id"), graphql(listQuery, "ids")
	cold := map[string]requestFunc{
		aggregator: func(s int) []byte { return load.Get("/profile/" + shop.UserID(s, 0)) },
		tributary:  profile, gqlgen: profile, apollo: profile, hive: profile}
	return []scenario{{
		name: "cached-rest", title: "cached profile by REST", connections: connections, base: bare, fixed: true,
		requests: map[string]requestFunc{
			bare: get("/"), redisGet: get("/rest"), tributary: func(s int) []byte { return load.Get("/api/profile/" + shop.UserID(s, 0)) }},
		goals: []goal{{subject: tributary, base: bare, cpu: 1.5}, {subject: tributary, base: bare, perSecond: .7}},
	}, {
		name: "cached-graphql", title: "cached profile by GraphQL", connections: connections, base: bare, fixed: true,
		requests: map[string]requestFunc{bare: profile, tributary: profile, apollo: profile, hive: profile},
		goals:    []goal{{subject: tributary, base: bare, cpu: 2}},
	}, {
		name: "redis-entity", title: "one entity from Redis, not in memory", connections: connections, base: redisGet,
		requests: map[string]requestFunc{redisGet: get("/one"), overRedis: inRedis},
		goals:    []goal{{subject: overRedis, base: redisGet, cpu: 1.5}},
	}, {
		name: "cold-profile", title: "cold profile, 3 upstream calls", connections: connections, base: aggregator, requests: cold,
		goals: []goal{{subject: tributary, base: aggregator, cpu: 1.3}},
	}, {
		name: "cold-together", title: "the same cold profile, asked for by eight at a time", connections: connections,
		consecutive: connections,
		base:        aggregator, requests: cold,
	}, {
		name: "cold-list", title: "cold list: 20 users × 5 orders × 3 items", connections: connections, base: gqlgen,
		requests: map[string]requestFunc{
			aggregator: func(s int) []byte { return load.Get("/users/" + strings.Join(shop.UserIDs(s), ",")) },
			tributary:  list, gqlgen: list, apollo: list, hive: list},
		goals: []goal{{subject: tributary, base: gqlgen, cpu: 0.3}},
	}, {
		name: "entity-list", title: "the same list from the cache of entities, beside plain gqlgen cold",
		connections: connections, base: gqlgen,
		requests: map[string]requestFunc{entities: func(int) []byte { return list(0) }, gqlgen: list},
		goals:    []goal{{subject: entities, base: gqlgen, cpu: 0.15}},
	}, latencyScenario("latency-profile", "cold profile over upstreams that take 20 ms, one client", "/profile/", profileQuery),
		latencyScenario("latency-user", "cold user → orders → products over upstreams that take 20 ms, one client", "/user/", userQuery)}
}

// latencyScenario returns a scenario that measures latency.
func latencyScenario(name, title, path, query string) scenario {
	q := graphql(query, "id")
	return scenario{name: name, title: title, connections: 1, delay: 20, base: aggregator,
		requests: map[string]requestFunc{
			aggregator: func(s int) []byte { return load.Get(path + shop.UserID(s, 0)) },
			tributary:  q, gqlgen: q, apollo: q, hive: q},
		goals: []goal{{subject: tributary, base: aggregator, maxExtraMS: 0.5}},
	}
}

func get(path string) requestFunc { return func(int) []byte { return load.Get(path) } }

// graphql returns requests of a query whose variable is the first user of the shop, or all of them.
func graphql(query, variable string) requestFunc {
	return func(s int) []byte {
		var value any = shop.UserID(s, 0)
		if variable == "ids" {
			value = shop.UserIDs(s)
		}
		body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{variable: value}})
		if err != nil {
			panic(err) // strings always can be written
		}
		return load.Post("/graphql", string(body))
	}
}

// inRedis returns a request for one of the users in Redis.
func inRedis(s int) []byte {
	return load.Post("/graphql", fmt.Sprintf(`{"query":%q,"variables":{"id":%q}}`, oneQuery,
		shop.UserID(s%redisShops, s/redisShops%shop.Users)))
}

// redisShops is the number of shops whose users are in Redis: far more than fit into
// the memory of the gateway that reads them, which is about 1,500.
const redisShops = 1000
