package forward

import (
	"slices"
	"strconv"
	"strings"

	"tributary/gateway/internal/qvalue"
)

// maxRanges is the maximum number of languages of a request that are considered.
const maxRanges = 10

// languageRange is one language of Accept-Language (RFC 9110, section 12.5.4), in the
// spelling of RFC 5646, with its weight in thousandths.
type languageRange struct {
	tag    string
	weight int
}

// rangesOf returns the languages of Accept-Language, those of the greatest weight first.
// There are none if the value is not valid, or permits every language alike.
func rangesOf(value string) (all []languageRange) {
	for element := range strings.SplitSeq(value, ",") {
		if element = strings.Trim(element, " \t"); element == "" {
			continue
		}
		tag, weight, ok := rangeOf(element)
		if !ok {
			return nil
		}
		if weight > 0 && !slices.ContainsFunc(all, func(r languageRange) bool { return r.tag == tag }) {
			all = append(all, languageRange{tag, weight})
		}
	}
	slices.SortStableFunc(all, func(a, b languageRange) int { return b.weight - a.weight })
	if len(all) > 0 && all[0].tag == "*" {
		return nil
	}
	return all[:min(len(all), maxRanges)]
}

func rangeOf(element string) (tag string, weight int, ok bool) {
	tag, parameter, weighted := strings.Cut(element, ";")
	tag = strings.TrimRight(tag, " \t")
	if tag != "*" {
		if tag, ok = spelled(tag); !ok {
			return "", 0, false
		}
	}
	if !weighted {
		return tag, 1000, true
	}
	parameter = strings.ToLower(strings.Trim(parameter, " \t"))
	text, ok := strings.CutPrefix(parameter, "q=")
	if !ok {
		return "", 0, false
	}
	q, ok := qvalue.Parse(text)
	return tag, int(q*1000 + 0.5), ok
}

// spelled returns a language tag in the usual letters: de, pt-BR, zh-Hant-TW (RFC 5646,
// section 2.1.1). It is not ok if it is not one.
func spelled(tag string) (string, bool) {
	parts := strings.Split(strings.ToLower(tag), "-")
	for i, part := range parts {
		if part == "" || len(part) > 8 || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return "", false
		}
		switch {
		case i == 0:
			if strings.Trim(part, "abcdefghijklmnopqrstuvwxyz") != "" {
				return "", false
			}
		case len(parts[i-1]) == 1: // in an extension, letters are small
		case len(part) == 2:
			parts[i] = strings.ToUpper(part)
		case len(part) == 4 && strings.Trim(part[:1], "0123456789") != "":
			parts[i] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "-"), true
}

// written returns languages as a value of Accept-Language.
func written(ranges []languageRange) string {
	var b []byte
	for i, r := range ranges {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, r.tag...)
		if r.weight < 1000 {
			b = append(b, ";q="...)
			b = strconv.AppendFloat(b, float64(r.weight)/1000, 'f', -1, 64)
		}
	}
	return string(b)
}

// negotiate returns the one of supported that suits best, by lookup (RFC 4647, section
// 3.4): de-CH-1996 is answered by de-CH or else de. The first of supported is the default.
func negotiate(ranges []languageRange, supported []string) string {
	for _, r := range ranges {
		for tag := r.tag; tag != ""; tag = shortened(tag) {
			if i := slices.IndexFunc(supported, func(s string) bool { return strings.EqualFold(s, tag) }); i >= 0 {
				return supported[i]
			}
		}
	}
	return supported[0]
}

// shortened returns a tag without its last part, and without a single letter before it.
func shortened(tag string) string {
	i := strings.LastIndexByte(tag, '-')
	if i < 0 {
		return ""
	}
	if i >= 2 && tag[i-2] == '-' {
		i -= 2
	}
	return tag[:i]
}
