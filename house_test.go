package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/pfptrace/pfptrace"

// mayImport says what each package may import of ours, tests apart: imports
// point down (ARCHITECTURE.md). The command joins them all.
var mayImport = map[string][]string{
	"model":               {},
	"analyze/role":        {"model"},
	"analyze":             {"analyze/role", "model"},
	"analyze/profile":     {"analyze/role", "model"},
	"analyze/text":        {"analyze", "analyze/profile", "model"},
	"query/otlp":          {"model"},
	"query/otlp/otlptest": {"query/otlp", "model"},
	"query/otlp/receive":  {"query/otlp", "model"},
	"query/capture":       {"query/otlp"},
	"query/file":          {"query/capture", "query/otlp", "model"},
	"query/window":        {"model"},
}

// The limits of the house. A file or a function that is longer already may stay
// so, and may not grow: lower its number here when you shorten it.
const (
	maxFileLines = 420
	maxFuncLines = 70
)

var (
	longFiles = map[string]int{"model/notation.go": 442, "analyze/oracle_test.go": 443}
	longFuncs = map[string]int{}
)

func TestImportsPointDown(t *testing.T) {
	for name, file := range parseAll(t) {
		folder := path.Dir(name)
		if folder == "." || strings.HasSuffix(name, "_test.go") {
			continue
		}
		allowed, known := mayImport[folder]
		if !known {
			t.Errorf("%s: say in mayImport what package %s may import", name, folder)
			continue
		}
		for _, spec := range file.syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			ours, isOurs := strings.CutPrefix(imported, module+"/")
			switch {
			case isOurs && !slices.Contains(allowed, ours):
				t.Errorf("%s imports %s: imports point down", name, ours)
			case folder == "model" && strings.Contains(imported, "."):
				t.Errorf("%s imports %s: model imports the standard library only", name, imported)
			}
		}
	}
}

func TestNoInitAndNoLongFunctions(t *testing.T) {
	for name, file := range parseAll(t) {
		if lines := bytes.Count(file.text, []byte("\n")); lines > max(maxFileLines, longFiles[name]) {
			t.Errorf("%s: %d lines, at most %d: is it still one idea?", name, lines, maxFileLines)
		}
		for _, declared := range file.syntax.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if function.Name.Name == "init" && function.Recv == nil {
				t.Errorf("%s: init hides work: call a function", name)
			}
			lines := file.line(function.End()) - file.line(function.Pos()) + 1
			if lines > max(maxFuncLines, longFuncs[name+" "+function.Name.Name]) && !strings.HasSuffix(name, "_test.go") {
				t.Errorf("%s: %s has %d lines, at most %d", name, function.Name.Name, lines, maxFuncLines)
			}
		}
	}
}

// What is committed works on every machine and leaves nothing for later.
func TestNothingLocalAndNothingLeft(t *testing.T) {
	local := regexp.MustCompile(`(^|[\s"'(=])/(work|root|home|Users)/`)
	later := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)
	walk(t, func(name string) {
		isText := slices.Contains([]string{".go", ".md", ".yaml", ".txtar", ".mod"}, filepath.Ext(name)) || strings.HasPrefix(name, ".ci/")
		if !isText || strings.HasPrefix(name, "testdata/samples/") {
			return
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if local.MatchString(line) || later.MatchString(line) {
				t.Errorf("%s:%d: %s", name, i+1, line)
			}
			if strings.HasSuffix(line, " ") && filepath.Ext(name) == ".go" {
				t.Errorf("%s:%d: white space at the end of the line", name, i+1)
			}
		}
	})
}

type sourceFile struct {
	text   []byte
	syntax *ast.File
	files  *token.FileSet
}

func (f sourceFile) line(at token.Pos) int { return f.files.Position(at).Line }

func parseAll(t *testing.T) map[string]sourceFile {
	t.Helper()
	out := map[string]sourceFile{}
	walk(t, func(name string) {
		if filepath.Ext(name) != ".go" || strings.HasPrefix(name, "testdata/") {
			return
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := token.NewFileSet()
		syntax, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = sourceFile{text, syntax, files}
	})
	return out
}

func walk(t *testing.T, visit func(name string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".ci":
			return filepath.SkipDir
		case !entry.IsDir():
			visit(filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
