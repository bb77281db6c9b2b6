package profile

import (
	"fmt"
	"regexp"
	"strings"
)

// maxMatched is how much of a text patterns look at, in bytes. A name of ten
// megabytes costs as much as one of four kilobytes.
const maxMatched = 4096

// pattern is a glob (* is any text, ? any one byte) or, between slashes, a
// regular expression that may match anywhere (/…/i: in any case).
type pattern struct {
	glob   string
	regexp *regexp.Regexp
}

func parsePattern(text string) (pattern, error) {
	if len(text) < 2 || text[0] != '/' {
		return pattern{glob: text}, nil
	}
	body, ignoreCase := strings.CutSuffix(text[1:], "/i")
	if !ignoreCase {
		var closed bool
		if body, closed = strings.CutSuffix(body, "/"); !closed {
			return pattern{glob: text}, nil // a name may start with a slash, as gRPC methods do
		}
	} else {
		body = "(?i)" + body
	}
	compiled, err := regexp.Compile(body)
	if err != nil {
		return pattern{}, fmt.Errorf("regular expression %s: %w", text, err)
	}
	return pattern{regexp: compiled}, nil
}

func (p pattern) match(text string) bool {
	if len(text) > maxMatched {
		text = text[:maxMatched]
	}
	if p.regexp != nil {
		return p.regexp.MatchString(text)
	}
	return matchGlob(p.glob, text)
}

// matchGlob tries the shortest text for the last star first and comes back to
// it alone, so that it takes at most len(glob) times len(text) steps.
func matchGlob(glob, text string) bool {
	star, mark := -1, 0
	g := 0
	for t := 0; t < len(text); {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, mark = g, t
			g++
		case g < len(glob) && (glob[g] == '?' || glob[g] == text[t]):
			g++
			t++
		case star >= 0:
			mark++
			g, t = star+1, mark
		default:
			return false
		}
	}
	for g < len(glob) && glob[g] == '*' {
		g++
	}
	return g == len(glob)
}

// anyOf reports whether one of the patterns matches; no patterns match all.
func anyOf(patterns []pattern, text string) bool {
	for _, p := range patterns {
		if p.match(text) {
			return true
		}
	}
	return len(patterns) == 0
}
