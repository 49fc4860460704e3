package e2e_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"tributary/gateway/auth/authtest"
)

// Each viewer gets the user whose id is the subject of the token, regardless of responses to
// others.
func TestMe_IsTheViewer(t *testing.T) {
	t.Parallel()
	p := authtest.New(t)
	cfg := p.Config()
	s := dev(t, "--auth-jwks="+cfg.JWKS, "--auth-issuer="+strings.Join(cfg.Issuers, ","), "--auth-audience="+strings.Join(cfg.Audiences, ","))
	const query = `{"query":"{ me { username } other: user(id: \"u1\") { id } }"}`
	for range 2 { // the second time from the caches
		for authorization, want := range map[string]string{
			"Bearer " + p.Token(t, "user123", nil): `"me":{"username":"ivan_ivanov"},"other":{"id":"u1"}`,
			"Bearer " + p.Token(t, "user456", nil): `"me":{"username":"anna_smirnova"},"other":{"id":"u1"}`,
			"Bearer " + p.Token(t, "nobody", nil):  `"me":null,"other":{"id":"u1"}`,
			"Basic eDp5":                           `"path":["me"],"extensions":{"code":"UNAUTHENTICATED"}`,
		} {
			resp := s.send(http.MethodPost, s.gateway+"/graphql", query, "Content-Type", "application/json", "Authorization", authorization)
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), want) || !strings.Contains(string(body), `"other":{"id":"u1"}`) {
				t.Errorf("%s %s: no %s (%v)", resp.Status, body, want, err)
			}
		}
	}
}
