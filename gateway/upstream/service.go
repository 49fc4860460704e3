package upstream

import "fmt"

// ServiceConfig has the settings of one service. They are flags whose names begin with
// the name of the service: users-url, BFF_USERS_URL in the environment. The assembly
// sets the variables in the tags.
type ServiceConfig struct {
	URL string `name:"url" default:"${url}" help:"Base URL of the ${service} service." secret:""`
}

// Check reports the first setting of the named service that cannot be used.
func (c ServiceConfig) Check(service string) error {
	if _, err := ParseURL(c.URL); err != nil {
		return fmt.Errorf("%s-url %w", service, err)
	}
	return nil
}
