package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/analyze"
)

// topOf returns the exit status and report of top over a source.
func topOf(t *testing.T, from string) (status int, report *analyze.TopReport) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status = run([]string{"top", "--from", from, "-o", "json", "--slowest", "5", "--group-by", "service"}, nil, &stdout, &stderr, nil); status != 0 {
		return status, nil
	}
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	// What the readers say of a file, and what of it they could not keep, is
	// not in the recording.
	report.DroppedSpans = 0
	report.Warnings = slices.DeleteFunc(report.Warnings, func(w string) bool { return strings.HasPrefix(w, from) })
	return 0, report
}

// The report about a recording is that about what was recorded, whatever the
// format of that is.
func TestARecordingGivesTheSameReport(t *testing.T) {
	paths := append(samples(t), thirdParty(t)...)
	folder := t.TempDir()
	recorded := 0
	for _, path := range paths {
		status, want := topOf(t, path)
		to := filepath.Join(folder, filepath.Base(path)+".zst")
		var stdout, stderr bytes.Buffer
		if got := run([]string{"record", "--from", path, "-o", to, "--force"}, nil, &stdout, &stderr, nil); got != status {
			t.Errorf("%s: record ends with %d, top with %d: %s", path, got, status, stderr.String())
			continue
		}
		if status != 0 {
			continue
		}
		recorded++
		again, got := topOf(t, to)
		wantText, _ := json.MarshalIndent(want, "", " ")
		gotText, _ := json.MarshalIndent(got, "", " ")
		if again != 0 || !bytes.Equal(gotText, wantText) {
			t.Errorf("%s: status %d\n%s\nof the recording:\n%s", path, again, wantText, gotText)
		}
	}
	if recorded < 25 {
		t.Errorf("only %d samples were recorded", recorded)
	}
}

// A capture is not text: nobody wants it on a terminal.
func TestNoCaptureOnATerminal(t *testing.T) {
	o := recordFlags{out: "-"}
	var f *failure
	if err := o.checkOutput(true); !errors.As(err, &f) || f.status != statusUsage {
		t.Errorf("%v", err)
	}
	if err := o.checkOutput(false); err != nil {
		t.Error(err)
	}
}
