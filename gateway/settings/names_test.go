package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"tributary/gateway/settings"
)

// commands is a command line with settings that had other names.
type commands struct {
	Serve struct {
		Addr  string        `name:"ops-addr" was:"admin-addr" help:"Where."`
		Limit int           `name:"most" was:"max-number" default:"3"`
		TTL   time.Duration `name:"cache-ttl" default:"30s"`
		Token string        `name:"token" secret:""`
		URL   string        `name:"books-url" secret:"" default:"http://localhost"`
		Other string        `name:"other" setting:"OTHER_NAME"`
	} `cmd:""`
	Check struct {
		Quick bool `name:"quick"`
	} `cmd:""`
}

// parse parses args of serve.
func parse(t *testing.T, env map[string]string, file string, args ...string) (*settings.Settings, *kong.Kong, *kong.Context, error) {
	t.Helper()
	s := settings.New(func(name string) string { return env[name] })
	if file != "" {
		name := filepath.Join(t.TempDir(), "settings.yaml")
		if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Load(name); err != nil {
			t.Fatal(err)
		}
	}
	k, err := kong.New(&commands{}, kong.Resolvers(s), kong.ValueFormatter(settings.Help))
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := k.Parse(append([]string{"serve"}, args...))
	if err != nil {
		err = s.AnnotateError(err, k.Model)
	}
	return s, k, ctx, err
}

func TestRenamed_IsAnsweredWithTheNewName(t *testing.T) {
	for name, tt := range map[string]struct {
		env        map[string]string
		file, flag string
		want       string
	}{
		"in the environment": {map[string]string{"BFF_ADMIN_ADDR": ":1"}, "", "", "BFF_ADMIN_ADDR is now BFF_OPS_ADDR"},
		"another":            {map[string]string{"BFF_MAX_NUMBER": "1"}, "", "", "BFF_MAX_NUMBER is now BFF_MOST"},
		"beside the new name": {map[string]string{"BFF_ADMIN_ADDR": ":1", "BFF_OPS_ADDR": ":2"}, "", "",
			"BFF_ADMIN_ADDR is now BFF_OPS_ADDR"},
		"in the file":             {nil, "other: x\nadmin_addr: ':1'\n", "", ":2: admin_addr is now ops_addr"},
		"another in the file":     {nil, "max_number: 4\n", "", ":1: max_number is now most"},
		"a flag":                  {nil, "", "--admin-addr=:1", "--admin-addr is now --ops-addr"},
		"another flag":            {nil, "", "--max-number=4", "--max-number is now --most"},
		"an empty variable":       {map[string]string{"BFF_ADMIN_ADDR": ""}, "", "", ""},
		"a flag that never was":   {nil, "", "--admin-adr=:1", "unknown flag --admin-adr"},
		"a longer name of a flag": {nil, "", "--admin-addresses=:1", "unknown flag --admin-addresses"},
	} {
		t.Run(name, func(t *testing.T) {
			var args []string
			if tt.flag != "" {
				args = append(args, tt.flag)
			}
			_, _, _, err := parse(t, tt.env, tt.file, args...)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestUnknown_HasTheNearestName(t *testing.T) {
	s, k, _, err := parse(t, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	got := s.Unknown([]string{
		"BFF_OPS_ADR=1", "BFF_CACHE_TLL=10s", "BFF_BOOK_URL=x=y", "BFF_QIUCK=1", "BFF_PORT_8000_TCP_ADDR=10.0.0.1", "BFF_" +
			strings.Repeat("X", 10_000) + "=1",
		"BFF_OPS_ADDR=1", "BFF_CONFIG=x", "BFF_QUICK=1", "OTHER_NAME=x", "BF_MOST=1", "PATH=/bin", "BFF_EMPTY=", "nothing", "",
	}, k.Model)
	want := map[string]string{"BFF_OPS_ADR": "BFF_OPS_ADDR", "BFF_CACHE_TLL": "BFF_CACHE_TTL",
		"BFF_BOOK_URL": "BFF_BOOKS_URL", "BFF_QIUCK": "BFF_QUICK"}
	for _, u := range got {
		if nearest, ok := want[u.Name]; ok && nearest != u.Nearest || u.Nearest == "" {
			t.Errorf("the nearest of %s is %s", u.Name, u.Nearest)
		}
	}
	if len(got) != len(want)+2 {
		t.Errorf("%d are unknown: %v", len(got), got)
	}
}

func TestChanged_IsMasked(t *testing.T) {
	env := map[string]string{"BFF_TOKEN": "s3cr3t", "BFF_BOOKS_URL": "http://ann:s3cr3t@books.example.com/?key=s3cr3t",
		"BFF_CACHE_TTL": "1m"}
	s, _, ctx, err := parse(t, env, "other: x\n", "--most=7")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range s.Changed(ctx) {
		got = append(got, a.String())
	}
	want := "most=7 cache_ttl=1m token=*** books_url=http://***@books.example.com/?*** other=x"
	if strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHelp_ShowsTheVariable(t *testing.T) {
	_, k, _, err := parse(t, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	var help strings.Builder
	k.Stdout, k.Exit = &help, func(int) {}
	_, _ = k.Parse([]string{"serve", "--help"})
	for _, want := range []string{"Where. ($BFF_OPS_ADDR)", "($BFF_MOST)", "($BFF_CACHE_TTL)", "($BFF_TOKEN)", "($OTHER_NAME)"} {
		if !strings.Contains(strings.Join(strings.Fields(help.String()), " "), want) {
			t.Errorf("no %q in:\n%s", want, help.String())
		}
	}
	if strings.Contains(help.String(), "BFF_HELP") {
		t.Error("--help has no variable")
	}
}
