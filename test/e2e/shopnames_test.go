package e2e_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// namesOfTheShop are the words for what the shop's services have; mayNameTheShop finds
	// texts that may have one.
	namesOfTheShop = regexp.MustCompile(`^(?i:users?|orders?|products?|profiles?)$`)
	mayNameTheShop = regexp.MustCompile(`(?i)user|order|product|profile`)
	wordsOfNames   = regexp.MustCompile(`[A-Z]?[a-z]+|[A-Z]+`)
)

// otherMeanings are phrases in which these words have another meaning: a sequence, a user of
// Redis or of a URL, and names of standards and libraries.
var otherMeanings = regexp.MustCompile(`(?i)\b(in( the| its)?|out of|any|every|byte) order\b|in(its)?order\b|byteorder|order(ed|map)|` +
	`//[^/\s"]*@|user:password@|user(name|info|defined)|user, pass|user, query|user '|the user's|SETUSER|^USER nonroot|only the user|` +
	`user-?agent|BAD_?USER_?INPUT|x[-_ ]user(_id|\b)`)

// nameOfTheShop returns the first word in a text that names a service, an entity or a field
// of the shop, or nothing. Words are separated as in identifiers and paths.
func nameOfTheShop(text string) string {
	if !mayNameTheShop.MatchString(text) {
		return ""
	}
	text = otherMeanings.ReplaceAllString(text, " ")
	for _, word := range wordsOfNames.FindAllString(text, -1) {
		if namesOfTheShop.MatchString(word) {
			return word
		}
	}
	return ""
}

// The library, the tool, and their tests have none of the shop's names as data: in literals
// and identifiers of Go, and in other files anywhere. Comments of Go are prose.
func TestLibrary_NamesNothingOfTheShop(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, dir := range []string{"gateway", "cmd"} {
		err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "dist" || d.Name() == "fuzz"): // built pages; seeds of fuzzing
				return filepath.SkipDir
			case d.IsDir():
				return nil
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			seen[filepath.Ext(file)]++
			if filepath.Ext(file) != ".go" {
				for i, line := range strings.Split(string(text), "\n") {
					if word := nameOfTheShop(line); word != "" {
						t.Errorf("%s:%d: %q is a name of the shop", file, i+1, word)
					}
				}
				return nil
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, file, text, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			var see func(n ast.Node) bool
			see = func(n ast.Node) bool {
				var text string
				switch n := n.(type) {
				case *ast.SelectorExpr: // url.URL.User: of a type of another package, or declared elsewhere
					ast.Inspect(n.X, see)
					return false
				case *ast.BasicLit:
					text = n.Value
				case *ast.Ident:
					text = n.Name
				}
				if word := nameOfTheShop(text); word != "" {
					t.Errorf("%s: %q is a name of the shop", set.Position(n.Pos()), word)
				}
				return true
			}
			ast.Inspect(parsed, see)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen[".go"] < 100 || seen[".graphqls"] == 0 {
		t.Errorf("saw %v: does this test still look at the right place?", seen)
	}
}

func TestNameOfTheShop(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"user:u1"`: "user", `users`: "users", `latestOrder`: "Order", `GET /orders/{id}`: "orders", `product_id`: "product",
		`newProfile`: "Profile", `BFF_USERS_URL`: "USERS", `in order of orders`: "orders", `user=5s`: "user",
		`in order of name`: "", `fieldsInOrder`: "", `a byte order mark`: "", `panic("out of order")`: "", `User-Agent`: "",
		`redis://user:password@host`: "", `https://user@example.com`: "", `BAD_USER_INPUT`: "", `?sentinel_username=ann`: "",
		`NewRecorder`: "", `sub:X-User-Id@authors`: "", `without user, query and fragment`: "",
	} {
		if got := nameOfTheShop(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
