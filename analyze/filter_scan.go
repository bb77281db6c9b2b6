package analyze

import (
	"fmt"
	"strings"
	"unicode"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenString // was in quotes
	tokenOperator
	tokenOpen
	tokenClose
)

type token struct {
	kind   tokenKind
	column int
	text   string
}

func (t token) expected(what string) error {
	got := fmt.Sprintf("%q", t.text)
	if t.kind == tokenEnd {
		got = "the end"
	}
	return &FilterError{t.column, "expected " + what + ", got " + got}
}

// scanFilter cuts the text into tokens; the last one is tokenEnd.
func scanFilter(text string) ([]token, error) {
	var tokens []token
	runes := []rune(text)
	for i := 0; i < len(runes); {
		t := token{column: i + 1}
		switch r := runes[i]; {
		case unicode.IsSpace(r):
			i++
			continue
		case r == '(' || r == ')':
			t.kind, t.text = tokenOpen, string(r)
			if r == ')' {
				t.kind = tokenClose
			}
			i++
		case r == '"' || r == '\'':
			end := closingQuote(runes, i)
			if end < 0 {
				return nil, &FilterError{t.column, fmt.Sprintf("the quote %c is never closed", r)}
			}
			t.kind, t.text = tokenString, string(runes[i+1:end])
			if r == '"' {
				t.text = strings.ReplaceAll(t.text, `\"`, `"`)
			}
			i = end + 1
		case strings.ContainsRune("=!<>", r):
			t.kind, t.text = tokenOperator, operatorAt(runes[i:])
			if t.text == "" {
				return nil, &FilterError{t.column, `"!" alone: expected != or !~`}
			}
			i += len(t.text)
		case isWordRune(r):
			start := i
			for i < len(runes) && isWordRune(runes[i]) {
				i++
			}
			t.kind, t.text = tokenWord, string(runes[start:i])
		default:
			return nil, &FilterError{t.column, fmt.Sprintf("%q has no meaning here; texts with it need quotes", r)}
		}
		tokens = append(tokens, t)
	}
	return append(tokens, token{kind: tokenEnd, column: len(runes) + 1}), nil
}

func closingQuote(runes []rune, open int) int {
	for i := open + 1; i < len(runes); i++ {
		switch {
		case runes[i] == runes[open]:
			return i
		case runes[i] == '\\' && runes[open] == '"':
			i++ // what follows a backslash closes nothing
		}
	}
	return -1
}

func operatorAt(runes []rune) string {
	if len(runes) > 1 {
		switch two := string(runes[:2]); two {
		case "!=", ">=", "<=", "=~", "!~":
			return two
		}
	}
	if runes[0] == '!' {
		return ""
	}
	return string(runes[0])
}

func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_.:/+-*@%", r)
}
