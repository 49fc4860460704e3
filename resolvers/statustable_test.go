package resolvers_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// statusTable has what clients see of each status, with a page and without.
type statusTable map[statusKey]struct{ other, page seenOf }

type statusKey struct {
	service string
	status  int
}

func (m statusTable) add(c statusCase, seen seenOf) {
	key := statusKey{c.service, c.status}
	row := m[key]
	if c.body == 1 {
		row.page = seen
	} else {
		row.other = seen
	}
	m[key] = row
}

// statusLine is a line of the page's table.
type statusLine struct {
	services, body string
	seenOf
}

// String is the table as the page has it: statuses that are alike share a line.
func (m statusTable) String() string {
	lines := map[statusLine][]int{}
	for status := range 1000 {
		services := map[statusLine][]string{}
		for _, service := range allServices {
			row := m[statusKey{service, status}]
			switch row.other {
			case seenOf{}: // not tested
			case row.page:
				l := statusLine{body: "any", seenOf: row.other}
				services[l] = append(services[l], service)
			default:
				l := statusLine{body: "JSON, or none", seenOf: row.other}
				services[l] = append(services[l], service)
				l = statusLine{body: "a page of text or HTML", seenOf: row.page}
				services[l] = append(services[l], service)
			}
		}
		for l, of := range services {
			l.services = strings.Join(of, ", ")
			lines[l] = append(lines[l], status)
		}
	}
	sorted := slices.SortedFunc(maps.Keys(lines), func(a, b statusLine) int {
		return cmp.Or(cmp.Compare(lines[a][0], lines[b][0]), cmp.Compare(a.body, b.body), -cmp.Compare(a.services, b.services))
	})
	var b strings.Builder
	b.WriteString("| status | body | of | nothing is known | something stale is known | the service fails after that |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, l := range sorted {
		of := strings.Replace(l.services, strings.Join(allServices, ", "), "all", 1)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", ranges(lines[l]), l.body, of, asCode(l.cold), asCode(l.stale), asCode(l.after))
	}
	return b.String()
}

func asCode(seen string) string {
	if strings.HasPrefix(seen, "UPSTREAM") {
		return "`" + seen + "`"
	}
	return seen
}

// ranges writes sorted statuses as "400, 402, 405–407". Those between two that follow each
// other among the tested ones are taken to be like them.
func ranges(statuses []int) string {
	tested := slices.Concat(otherStatuses, seq(400, 500))
	slices.Sort(tested)
	var parts []string
	for i := 0; i < len(statuses); {
		j := i
		for from, _ := slices.BinarySearch(tested, statuses[i]); j+1 < len(statuses) && statuses[j+1] == tested[from+j+1-i]; {
			j++
		}
		part := strconv.Itoa(statuses[i])
		if j > i {
			part += "–" + strconv.Itoa(statuses[j])
		}
		parts, i = append(parts, part), j+1
	}
	return strings.Join(parts, ", ")
}

func seq(from, to int) (numbers []int) {
	for n := from; n < to; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}
