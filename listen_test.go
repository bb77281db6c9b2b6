//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

// A process that records is sent a workload over HTTP and asked to stop: it
// ends with 0, and the report of its capture is that of the file which was
// sent.
func TestRecordWhatIsReceived(t *testing.T) {
	folder := t.TempDir()
	out, sent := filepath.Join(folder, "live.zst"), filepath.Join(folder, "sent.pb")
	messages := otlptest.Workload(5_000, 3)
	var file bytes.Buffer
	if err := otlptest.WriteLengthDelimited(&file, messages); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(sent, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r := startRecording(t, "-o", out)
	for _, message := range messages {
		r.post(t, "application/x-protobuf", message, http.StatusOK)
	}
	r.post(t, "application/x-protobuf", []byte{0xff}, http.StatusBadRequest)
	said := r.stop(t)
	for _, want := range []string{"received: spans 5", "warning: 1 requests that could not be read"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	if got, want := stagesOf(t, out), stagesOf(t, sent); got != want {
		t.Errorf("the capture says\n%s\nwant\n%s", got, want)
	}
}

// A receiver that nobody sends to leaves no file.
func TestRecordOfNothing(t *testing.T) {
	out := filepath.Join(t.TempDir(), "live.zst")
	said := startRecording(t, "-o", out).stop(t)
	if _, err := os.Stat(out); !os.IsNotExist(err) || !strings.Contains(said, "received: spans 0") {
		t.Errorf("%v: %s", err, said)
	}
}

func stagesOf(t *testing.T, path string) string {
	t.Helper()
	var report struct {
		Spans, Requests, Batches int
		Stages                   json.RawMessage
	}
	if err := json.Unmarshal(output(t, "top", "--from", path, "-o", "json"), &report); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// recordingProcess is the program itself, receiving over HTTP.
type recordingProcess struct {
	command *exec.Cmd
	url     string
	stderr  *lockedBuffer
}

// lockedBuffer is read while a process writes to it. It does not embed a buffer,
// whose ReadFrom would pass by the lock.
type lockedBuffer struct {
	lock sync.Mutex
	said bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.said.Write(p)
}

func (b *lockedBuffer) text() string {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.said.String()
}

var listening = regexp.MustCompile(`listening: OTLP over HTTP at (\S+)`)

func startRecording(t *testing.T, args ...string) *recordingProcess {
	t.Helper()
	path, err := exec.LookPath("pfptrace") // testscript puts this test binary there
	if err != nil {
		t.Fatal(err)
	}
	r := &recordingProcess{stderr: &lockedBuffer{}}
	r.command = exec.Command(path, append([]string{"record", "--listen-grpc", "", "--listen-http", "127.0.0.1:0"}, args...)...)
	r.command.Stderr = r.stderr
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.command.Process.Kill() })
	for range 600 {
		if found := listening.FindStringSubmatch(r.stderr.text()); found != nil {
			r.url = "http://" + found[1] + "/v1/traces"
			return r
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("it does not say where it listens:\n%s", r.stderr.text())
	return nil
}

func (r *recordingProcess) post(t *testing.T, kind string, body []byte, want int) {
	t.Helper()
	answer, err := http.Post(r.url, kind, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != want {
		t.Fatalf("status %s: %.200s", answer.Status, text)
	}
}

// stop asks it to end, which it does with 0, and returns what it said.
func (r *recordingProcess) stop(t *testing.T) string {
	t.Helper()
	if err := r.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := r.command.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	return r.stderr.text()
}
