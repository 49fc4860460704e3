package engine_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tributary/gateway/engine"
)

func TestHTTP_MediaType(t *testing.T) {
	s := newServer(t, engine.Config{})
	for accept, want := range map[string]string{
		"":                             plain,
		"*/*":                          plain,
		"application/*":                plain,
		plain:                          plain,
		graphQL:                        graphQL,
		graphQL + ", " + plain:         graphQL,
		plain + ", " + graphQL:         graphQL,
		graphQL + ";q=0.5, " + plain:   plain,
		plain + ";q=0.5, " + graphQL:   graphQL,
		graphQL + ";q=0.9, */*;q=0.1":  graphQL,
		graphQL + ";q=0, */*":          plain,
		plain + ";q=0, */*":            graphQL,
		graphQL + "; charset=utf-8":    graphQL,
		graphQL + "; charset=UTF-8":    graphQL,
		"APPLICATION/JSON":             plain,
		"text/html, */*;q=0.8":         plain,
		"text/html, application/json":  plain,
		"text/html":                    "",
		"application/xml":              "",
		plain + ";q=0":                 "",
		"*/*;q=0":                      "",
		plain + ";q=junk":              "",
		plain + ";q=2":                 "",
		plain + "; charset=iso-8859-1": "",
		"nonsense":                     "",
		"image/*, application/json;q=0.2, " + graphQL + ";q=0.1": plain,
	} {
		t.Run(accept, func(t *testing.T) {
			s.t = t
			header := []string{"Content-Type", plain}
			if accept != "" {
				header = append(header, "Accept", accept)
			}
			got := s.do(http.MethodPost, "", `{"query":"{ __typename }"}`, header...)
			if want == "" {
				got.expect(http.StatusNotAcceptable, "BAD_USER_INPUT")
			} else if ct := got.header.Get("Content-Type"); got.status != http.StatusOK || ct != want+"; charset=utf-8" {
				t.Errorf("status %d with %s, want %s", got.status, ct, want)
			}
			if got.header.Get("Vary") != "Accept" {
				t.Errorf("Vary: %s", got.header.Get("Vary"))
			}
		})
	}
	two := s.do(http.MethodPost, "", `{"query":"{ __typename }"}`, "Content-Type", plain, "Accept", "text/html", "Accept", graphQL)
	if ct := two.header.Get("Content-Type"); ct != graphQL+"; charset=utf-8" {
		t.Errorf("two headers: %s", ct)
	}
}

// Every well-formed request gets 200 from those who accept nothing but JSON,
// and its honest code from the others.
func TestHTTP_Status(t *testing.T) {
	for name, tt := range map[string]struct {
		query  string
		status int
		code   string
	}{
		"complete":                     {`{ hello }`, 200, ""},
		"data with an error":           {`{ hello fails(kind: "timeout") }`, 294, "UPSTREAM_TIMEOUT"},
		"data with a wrong argument":   {`{ fails(kind: "input") }`, 294, "BAD_USER_INPUT"},
		"no GraphQL":                   {`{`, 400, "GRAPHQL_PARSE_FAILED"},
		"words":                        {`please`, 400, "GRAPHQL_PARSE_FAILED"},
		"an unknown field":             {`{ goodbye }`, 422, "GRAPHQL_VALIDATION_FAILED"},
		"a literal of the wrong type":  {`{ hello(name: 1) }`, 422, "GRAPHQL_VALIDATION_FAILED"},
		"no operation":                 {`fragment f on Query { hello }`, 422, "GRAPHQL_VALIDATION_FAILED"},
		"nothing but a comment":        {`# hello`, 422, "GRAPHQL_VALIDATION_FAILED"},
		"two operations without names": {`{ hello } { hello }`, 422, "GRAPHQL_VALIDATION_FAILED"},
		"a variable that is missing":   {`query($n: String!) { hello(name: $n) }`, 422, "BAD_USER_INPUT"},
		"a fragment that is in itself": {`{ ...f } fragment f on Query { me { ...f } }`, 422, "GRAPHQL_VALIDATION_FAILED"},
		"a subscription":               {`subscription { ticks }`, 422, "GRAPHQL_VALIDATION_FAILED"},
		"a mutation":                   {`mutation { bump }`, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, engine.Config{})
			s.ask(tt.query).expect(tt.status, tt.code)
			got := s.do(http.MethodPost, "", body(t, tt.query), "Content-Type", plain, "Accept", plain).expect(200, tt.code)
			if refused := tt.status == 400 || tt.status == 422; refused != !strings.Contains(got.text, `"data"`) {
				t.Errorf("data are there, or not, in %s", got.text)
			}
		})
	}
}

func TestHTTP_MalformedBody(t *testing.T) {
	const secret = "hunter2"
	for name, tt := range map[string]struct {
		body    string
		message string
	}{
		"nothing":                   {``, "the body must be a JSON object"},
		"spaces":                    {` `, "the body must be a JSON object"},
		"no JSON":                   {secret, "the body must be a JSON object"},
		"half an object":            {`{"query":"{ hello }","password":"` + secret, "the body must be a JSON object"},
		"two objects":               {`{"query":"{ hello }"} {"query":"` + secret + `"}`, "the body must be a JSON object"},
		"something after":           {`{"query":"{ hello }"} ` + secret, "the body must be a JSON object"},
		"a closing brace after":     {`{"query":"{ hello }"}}`, "the body must be a JSON object"},
		"null":                      {`null`, "the body must be a JSON object"},
		"a string":                  {`"` + secret + `"`, "the body must be a JSON object"},
		"a number":                  {`17`, "the body must be a JSON object"},
		"a list":                    {`[{"query":"` + secret + `"}]`, "send one request at a time: lists of requests are not supported"},
		"no query":                  {`{"qeury":"` + secret + `"}`, "query is missing"},
		"an empty query":            {`{"query":""}`, "query is missing"},
		"a query that is null":      {`{"query":null}`, "query is missing"},
		"a query that is a number":  {`{"query":17}`, "query must be a string"},
		"a query that is an object": {`{"query":{"a":"` + secret + `"}}`, "query must be a string"},
		"a name that is a number":   {`{"query":"{ hello }","operationName":17}`, "operationName must be a string"},
		"variables in a list":       {`{"query":"{ hello }","variables":["` + secret + `"]}`, "variables must be an object"},
		"variables in a string":     {`{"query":"{ hello }","variables":"{\"a\":\"` + secret + `\"}"}`, "variables must be an object"},
		"extensions in a string":    {`{"query":"{ hello }","extensions":"` + secret + `"}`, "extensions must be an object"},
		"not UTF-8":                 {"{\"query\":\"{ hello(name: \\\"\xff\\\") }\"}", "the body must be UTF-8"},
		"half a character":          {`{"query":"query($n: String!) { hello(name: $n) }","variables":{"n":["` + secret + `\ud83d"]}}`, "the body has half of a surrogate pair"},
		"half of one in a name":     {`{"query":"{ hello }","\ude00":1}`, "the body has half of a surrogate pair"},
		"JSON that is too deep":     {`{"query":"{ hello }","variables":{"a":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}}`, "the body must be a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, engine.Config{})
			for _, accept := range []string{plain, graphQL} {
				got := s.do(http.MethodPost, "", tt.body, "Content-Type", plain, "Accept", accept).expect(400, "BAD_USER_INPUT")
				if m := got.answer().Errors[0].Message; m != tt.message {
					t.Errorf("message %q, want %q", m, tt.message)
				}
				if strings.Contains(got.text, secret) || strings.Contains(s.log.String(), secret) || strings.Contains(got.text, `"data"`) {
					t.Errorf("got %s, logged %s", got.text, s.log)
				}
			}
		})
	}
}

func TestHTTP_BodyMembers(t *testing.T) {
	for name, tt := range map[string]struct{ body, data string }{
		"a query":                  {`{"query":"{ hello }"}`, `{"hello":"hello you"}`},
		"spaces around":            {" \r\n{ \"query\" : \"{ hello }\" }\n ", `{"hello":"hello you"}`},
		"a byte order mark":        {"\ufeff" + `{"query":"{ hello }"}`, `{"hello":"hello you"}`},
		"one in the document":      {`{"query":"\ufeff{ hello }"}`, `{"hello":"hello you"}`},
		"nulls":                    {`{"query":"{ hello }","variables":null,"operationName":null,"extensions":null}`, `{"hello":"hello you"}`},
		"an empty name":            {`{"query":"query A { hello }","operationName":""}`, `{"hello":"hello you"}`},
		"a name":                   {`{"query":"query A { hello } query B { a: hello }","operationName":"B"}`, `{"a":"hello you"}`},
		"variables":                {`{"query":"query($n: String!) { hello(name: $n) }","variables":{"n":"\u0418\u0432\u0430\u043d \"I\""}}`, `{"hello":"hello Иван \"I\""}`},
		"a variable's default":     {`{"query":"query($n: String! = \"me\") { hello(name: $n) }"}`, `{"hello":"hello me"}`},
		"a variable nobody asked":  {`{"query":"{ hello }","variables":{"n":"x"}}`, `{"hello":"hello you"}`},
		"numbers":                  {`{"query":"query($l: [Int!]!) { sum(of: $l) }","variables":{"l":[1,-2]}}`, `{"sum":"[1 -2]"}`},
		"extensions":               {`{"query":"{ hello }","extensions":{"a":[1]}}`, `{"hello":"hello you"}`},
		"a field nobody knows":     {`{"query":"{ hello }","id":7}`, `{"hello":"hello you"}`},
		"a name in another case":   {`{"query":"{ hello }","QUERY":"{ a: hello }"}`, `{"hello":"hello you"}`},
		"the type, always":         {`{"query":"{ __typename me { __typename } }"}`, `{"__typename":"Query","me":{"__typename":"Query"}}`},
		"deferred fields, at once": {`{"query":"{ hello ... @defer { me { a: hello } } ...f @defer(label: \"x\") } fragment f on Query { b: hello }"}`, `{"hello":"hello you","me":{"a":"hello you"},"b":"hello you"}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, engine.Config{})
			s.post(tt.body).expect(200, "").data(tt.data)
		})
	}
}

func TestHTTP_InvalidVariables(t *testing.T) {
	for name, variables := range map[string]string{
		"null where it must not be": `{"l":null}`, "null in the list": `{"l":[null]}`, "another type": `{"l":["x"]}`,
		"a fraction": `{"l":[1.5]}`, "an object": `{"l":{"a":1}}`, "a huge number": `{"l":[1e400]}`, "none": `{}`, "a long one": `{"l":[99999999999999999999999999]}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, engine.Config{})
			s.post(`{"query":"query($l: [Int!]!) { sum(of: $l) }","variables":`+variables+`}`).expect(422, "BAD_USER_INPUT")
		})
	}
}

func TestHTTP_Methods(t *testing.T) {
	const query = `{"query":"{ hello }"}`
	for name, tt := range map[string]struct {
		method, contentType string
		body                string
		header              []string
		status              int
	}{
		"JSON":                    {"POST", plain, query, nil, 200},
		"JSON in UTF-8":           {"POST", plain + "; charset=utf-8", query, nil, 200},
		"JSON in upper case":      {"POST", "Application/JSON;charset=UTF-8", query, nil, 200},
		"JSON in another charset": {"POST", plain + "; charset=iso-8859-1", query, nil, 415},
		"no type":                 {"POST", "", query, nil, 415},
		"plain text":              {"POST", "text/plain", query, nil, 415},
		"a form":                  {"POST", "application/x-www-form-urlencoded", "query={hello}", nil, 415},
		"a form with files":       {"POST", "multipart/form-data; boundary=x", "--x--", nil, 415},
		"a bare document":         {"POST", "application/graphql", "{ hello }", nil, 415},
		"a type that is none":     {"POST", ";;", query, nil, 415},
		"compressed":              {"POST", plain, query, []string{"Content-Encoding", "gzip"}, 415},
		"compressed by nothing":   {"POST", plain, query, []string{"Content-Encoding", "identity"}, 200},
		"PUT":                     {"PUT", plain, query, nil, 405},
		"DELETE":                  {"DELETE", plain, query, nil, 405},
		"PATCH":                   {"PATCH", plain, query, nil, 405},
		"as long as may be":       {"POST", plain, query + strings.Repeat(" ", 1<<20-len(query)), nil, 200},
		"a byte longer":           {"POST", plain, query + strings.Repeat(" ", 1<<20-len(query)+1), nil, 413},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, engine.Config{})
			header := append([]string{"Accept", graphQL}, tt.header...)
			if tt.contentType != "" {
				header = append(header, "Content-Type", tt.contentType)
			}
			got := s.do(tt.method, "", tt.body, header...)
			code := ""
			if tt.status != 200 {
				code = "BAD_USER_INPUT"
			}
			got.expect(tt.status, code)
			if allow := got.header.Get("Allow"); (allow == "GET, HEAD, POST") != (tt.status == 405) {
				t.Errorf("Allow: %s", allow)
			}
			if got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control: %s", got.header.Get("Cache-Control"))
			}
		})
	}
}

func TestHTTP_GET(t *testing.T) {
	for name, tt := range map[string]struct {
		query  url.Values
		raw    string
		status int
		code   string
		data   string
	}{
		"a query":                {query: url.Values{"query": {"{ hello }"}}, status: 200, data: `{"hello":"hello you"}`},
		"variables":              {query: url.Values{"query": {"query($n: String!) { hello(name: $n) }"}, "variables": {`{"n":"Иван"}`}}, status: 200, data: `{"hello":"hello Иван"}`},
		"a name":                 {query: url.Values{"query": {"query A { hello } query B { a: hello }"}, "operationName": {"B"}}, status: 200, data: `{"a":"hello you"}`},
		"no name of two":         {query: url.Values{"query": {"query A { hello } query B { a: hello }"}}, status: 422, code: "GRAPHQL_VALIDATION_FAILED"},
		"an unknown name":        {query: url.Values{"query": {"{ hello }"}, "operationName": {"secret"}}, status: 422, code: "GRAPHQL_VALIDATION_FAILED"},
		"empty parameters":       {query: url.Values{"query": {"{ hello }"}, "operationName": {""}, "variables": {""}, "extensions": {""}}, status: 200, data: `{"hello":"hello you"}`},
		"extensions":             {query: url.Values{"query": {"{ hello }"}, "extensions": {`{"a":1}`}}, status: 200, data: `{"hello":"hello you"}`},
		"variables are null":     {query: url.Values{"query": {"{ hello }"}, "variables": {"null"}}, status: 200, data: `{"hello":"hello you"}`},
		"no query":               {query: url.Values{"variables": {"{}"}}, status: 400, code: "BAD_USER_INPUT"},
		"variables in a list":    {query: url.Values{"query": {"{ hello }"}, "variables": {`["secret"]`}}, status: 400, code: "BAD_USER_INPUT"},
		"variables that are cut": {query: url.Values{"query": {"{ hello }"}, "variables": {`{"secret`}}, status: 400, code: "BAD_USER_INPUT"},
		"extensions in a string": {query: url.Values{"query": {"{ hello }"}, "extensions": {`"secret"`}}, status: 400, code: "BAD_USER_INPUT"},
		"not UTF-8":              {raw: "query=%7B+hello(name:%22%FF%22)+%7D", status: 400, code: "BAD_USER_INPUT"},
		"variables not UTF-8":    {raw: "query=%7Bhello%7D&variables=%7B%22secret%22:%22%FF%22%7D", status: 400, code: "BAD_USER_INPUT"},
		"half a character":       {query: url.Values{"query": {"{ hello }"}, "variables": {`{"secret":"\ud83d"}`}}, status: 400, code: "BAD_USER_INPUT"},
		"badly escaped":          {raw: "query=%7Bhello%7D&secret=%zz", status: 400, code: "BAD_USER_INPUT"},
		"nothing":                {raw: "", status: 400, code: "BAD_USER_INPUT"},
		"a mutation":             {query: url.Values{"query": {"mutation { bump }"}}, status: 405, code: "GRAPHQL_VALIDATION_FAILED"},
		"a subscription":         {query: url.Values{"query": {"subscription { ticks }"}}, status: 405, code: "GRAPHQL_VALIDATION_FAILED"},
		"one of two, a mutation": {query: url.Values{"query": {"query A { hello } mutation B { bump }"}, "operationName": {"B"}}, status: 405, code: "GRAPHQL_VALIDATION_FAILED"},
		"one of two, a query":    {query: url.Values{"query": {"query A { hello } mutation B { bump }"}, "operationName": {"A"}}, status: 200, data: `{"hello":"hello you"}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, engine.Config{})
			raw := tt.raw
			if tt.query != nil {
				raw = tt.query.Encode()
			}
			got := s.do(http.MethodGet, raw, "", "Accept", graphQL).expect(tt.status, tt.code)
			if tt.data != "" {
				got.data(tt.data)
			}
			if strings.Contains(got.text, "secret") {
				t.Errorf("the request is repeated in %s", got.text)
			}
			if allow := got.header.Get("Allow"); (allow == "POST") != (tt.status == 405) {
				t.Errorf("Allow: %s", allow)
			}
			if s.schema.bumps.Load() != 0 {
				t.Error("GET changed something")
			}
			if got := s.do(http.MethodGet, raw, "", "Accept", plain); tt.status == 405 && got.status != 405 {
				t.Errorf("status %d for %s", got.status, plain)
			}
			if head := s.do(http.MethodHead, raw, "", "Accept", graphQL); head.status != tt.status {
				t.Errorf("HEAD: status %d", head.status)
			}
		})
	}
}
