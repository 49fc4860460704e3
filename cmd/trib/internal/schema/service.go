package schema

import (
	"fmt"
	"regexp"
	"slices"
)

var serviceName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// reserved are the names of services whose settings would be those of the gateway, such
// as BFF_REDIS_URL.
var reserved = []string{
	"addr", "admin", "auth", "browser", "cache", "config", "cors", "drain", "forward", "gateway", "graphql", "introspection",
	"log", "max", "ops", "otel", "persisted", "playground", "redis", "request", "server", "trusted", "upstream", "write",
	"completion", "dev", "explain", "healthcheck", "help", "query", "schema", "token", "version",
}

// CheckServiceName returns an error unless name can be the name of a service.
func CheckServiceName(name string) error {
	if !serviceName.MatchString(name) {
		return fmt.Errorf("%q cannot be the name of a service: use lower case letters, digits and dashes, as in \"reviews\"", name)
	}
	if slices.Contains(reserved, name) {
		return fmt.Errorf("%q cannot be the name of a service, because the gateway has settings or a command of this name: use another, as in \"%s-service\"", name, name)
	}
	return nil
}
