package graphqlserver

import (
	"regexp"
	"strings"
)

// halfPair returns the first escape in a document that is half of a surrogate pair, or
// "". The parser accepts it as U+FFFD, which would turn an id into a different one.
func halfPair(document string) string {
	if !strings.Contains(document, `\u`) {
		return ""
	}
	// Comments and block strings have no escapes, but may look as if they had.
	texts := regexp.MustCompile(`(?s)#[^\r\n]*|"""(?:\\"""|.)*?"""|"(?:\\.|[^"\\])*"`)
	escapes := regexp.MustCompile(`(?is)\\(?:ud[89ab]..\\ud[c-f]..|(ud[89a-f]..)|.)`)
	for _, text := range texts.FindAllString(document, -1) {
		if text[0] == '#' || strings.HasPrefix(text, `"""`) {
			continue
		}
		for _, escape := range escapes.FindAllStringSubmatch(text, -1) {
			if half := escape[1]; half != "" {
				return `\` + half
			}
		}
	}
	return ""
}
