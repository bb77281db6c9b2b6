package file

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pfptrace/pfptrace/model"
)

// follow follows a new file: add appends to it and returns the spans that were
// read by a while later, stop ends it and returns the report.
func follow(t *testing.T) (path string, add func(content string) string, stop func() (*Report, error)) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "growing")
	grow, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { grow.Close() })
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	var read []string
	var report *Report
	var failure error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		report, failure = Stream(ctx, []string{path}, nil, Options{Follow: true}, func(spans []model.Span, _ int64) error {
			for i := range spans {
				read = append(read, spans[i].Name)
			}
			return nil
		})
	}()
	add = func(content string) string {
		t.Helper()
		if _, err := grow.WriteString(content); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * glance)
		synctest.Wait()
		return strings.Join(read, " ")
	}
	stop = func() (*Report, error) {
		cancel()
		<-ended
		return report, failure
	}
	return path, add, stop
}

// What is appended is read as soon as it is whole, in whatever pieces it comes.
func TestAGrowingFile(t *testing.T) {
	for name, messages := range map[string][3]string{
		"capture":                {captured(t, otlpProto("a")), captured(t, otlpProto("b")), captured(t, otlpProto("c"))},
		"protobuf after lengths": {fixedFrame(otlpProto("a")), fixedFrame(otlpProto("b")), fixedFrame(otlpProto("c"))},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, add, stop := follow(t)
				if got := add(messages[0]); got != "a" {
					t.Errorf("%q", got)
				}
				if got := add(messages[1] + messages[2][:7]); got != "a b" {
					t.Errorf("%q", got)
				}
				for i := 7; i < len(messages[2])-1; i++ {
					if got := add(messages[2][i : i+1]); got != "a b" {
						t.Fatalf("%d bytes: %q", i, got)
					}
				}
				if got := add(messages[2][len(messages[2])-1:]); got != "a b c" {
					t.Errorf("%q", got)
				}
				if report, err := stop(); err != nil || len(report.Warnings()) > 0 || report.Spans() != 3 {
					t.Errorf("%+v %v", report, err)
				}
			})
		})
	}
}

// A line is known to be whole when the next begins, or at the end.
func TestAGrowingFileOfLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, add, stop := follow(t)
		add(otlpJSON("a") + "\n")
		if got := add(otlpJSON("b") + "\n"); got != "a" {
			t.Errorf("%q", got)
		}
		report, err := stop()
		if err != nil || len(report.Warnings()) > 0 || report.Spans() != 2 {
			t.Errorf("%+v %v", report, err)
		}
	})
}

// What is torn when the reading is stopped is said, and so is a file that was
// written anew.
func TestAGrowingFileThatIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, add, stop := follow(t)
		add(captured(t, otlpProto("a")) + captured(t, otlpProto("b"))[:100])
		if report, err := stop(); err != nil || len(report.Warnings()) != 1 || !strings.Contains(report.Warnings()[0], "cut off: a frame of 1 span") {
			t.Errorf("%+v %v", report, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		path, add, stop := follow(t)
		add(captured(t, otlpProto("a")))
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * glance)
		if report, err := stop(); err != nil || report.Spans() != 1 || !strings.Contains(strings.Join(report.Warnings(), "\n"), "become shorter") {
			t.Errorf("%+v %v", report, err)
		}
	})
}
