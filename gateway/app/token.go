package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"tributary/gateway/auth/devtoken"
	"tributary/gateway/httpserver"
)

// SampleViewer is a viewer that pages offer in dev.
type SampleViewer = devtoken.Viewer

// tokenCommand prints a token for development.
type tokenCommand struct {
	Subject  string          `name:"sub" required:"" setting:"-" placeholder:"SUBJECT" help:"Who the token speaks for (claim sub)."`
	Scopes   []string        `name:"scope" setting:"-" placeholder:"SCOPE,..." help:"Scopes of the token (claim scope), separated by commas or spaces."`
	Claims   []string        `name:"claim" setting:"-" sep:"none" placeholder:"NAME=VALUE" help:"A further claim, or another value of a usual one. VALUE is JSON, or else text. Repeat it for several."`
	Lifetime time.Duration   `name:"expires-in" setting:"-" default:"1h" help:"Time until the token expires. A negative one makes a token that has expired."`
	Key      devtoken.Config `embed:""`
}

// Run implements the command.
func (c *tokenCommand) Run(p *process) error {
	file, err := c.Key.File(p.graph.Name, p.Getenv)
	if err != nil {
		return usageError{err}
	}
	v := devtoken.Viewer{Subject: c.Subject, Claims: map[string]any{}}
	for _, scopes := range c.Scopes {
		v.Scopes = append(v.Scopes, strings.Fields(scopes)...)
	}
	for _, claim := range c.Claims {
		name, text, ok := strings.Cut(claim, "=")
		if !ok || name == "" {
			return usageError{fmt.Errorf("claim %q must be NAME=VALUE", claim)}
		}
		var value any
		if json.Unmarshal([]byte(text), &value) != nil {
			value = text
		}
		v.Claims[name] = value
	}
	key, err := devtoken.Load(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no key at %s: start %s dev, which makes it", file, p.graph.Name)
	}
	if err != nil {
		return err
	}
	token, err := key.Sign(v, c.Lifetime)
	if err != nil {
		return usageError{err}
	}
	_, err = fmt.Fprintln(p.Stdout, token.Token)
	return err
}

// signIn makes dev verify the tokens of a key of its own, unless another key set is given.
// Without a file for the key all requests are anonymous.
func (c *devCommand) signIn(p *process, log *slog.Logger) error {
	if c.Gateway.Auth.JWKS != "" {
		return nil
	}
	file, err := c.Key.File(p.graph.Name, p.Getenv)
	var key *devtoken.Key
	if err == nil {
		key, err = devtoken.Ensure(file)
	}
	if err != nil {
		if c.Key.Key != "" || c.Gateway.Auth.Required {
			return usageError{fmt.Errorf("auth-dev-key: %w", err)}
		}
		log.Warn("development tokens are disabled: all requests are anonymous", "error", err.Error())
		return nil
	}
	c.Gateway.Auth = devtoken.Verify(c.Gateway.Auth, file)
	c.Gateway.tokens = devtoken.NewPanel(key, p.graph.Viewers)
	return nil
}

// mountTokens adds the endpoints of development tokens to r, if there are any.
func (c gatewayConfig) mountTokens(r httpserver.Router) {
	if c.tokens != nil {
		r.Handle(devtoken.ViewersPath, c.tokens)
		r.Handle(devtoken.TokenPath, c.tokens)
	}
}
