package receive_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

const benchSpans = 200_000

// TestMain is the program of the benchmarks' clients, too.
func TestMain(m *testing.M) {
	if orders := os.Getenv("PFPTRACE_TEST_CLIENT"); orders != "" {
		if err := runClient(orders); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// runClient sends the workload from four goroutines.
func runClient(orders string) error {
	var protocol, address, compression string
	if _, err := fmt.Sscanf(orders, "%s %s %q", &protocol, &address, &compression); err != nil {
		return err
	}
	messages := otlptest.Workload(benchSpans, 1)
	send, err := grpcSender(address, compression)
	if protocol == "http" {
		send, err = httpSender(address, compression), compress(messages, compression)
	}
	if err != nil {
		return err
	}
	var next atomic.Int64
	var clients sync.WaitGroup
	failures := make(chan error, len(messages))
	for range 4 {
		clients.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(messages)); i = next.Add(1) - 1 {
				if err := send(messages[i]); err != nil {
					failures <- err
				}
			}
		})
	}
	clients.Wait()
	close(failures)
	return <-failures
}

func compress(messages [][]byte, compression string) (err error) {
	for i := range messages {
		switch compression {
		case "gzip":
			messages[i], err = asGzip(messages[i])
		case "zstd":
			messages[i], err = asZstd(messages[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func grpcSender(address, compression string) (func([]byte) error, error) {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	var options []grpc.CallOption
	if compression != "" {
		options = append(options, grpc.UseCompressor(compression))
	}
	return func(message []byte) error {
		_, err := export(context.Background(), conn, message, options...)
		return err
	}, nil
}

func httpSender(address, compression string) func([]byte) error {
	return func(message []byte) error {
		request, err := http.NewRequest(http.MethodPost, "http://"+address+"/v1/traces", bytes.NewReader(message))
		if err != nil {
			return err
		}
		request.Header.Set(contentType, protobufType)
		if compression != "" {
			request.Header.Set(contentEncoding, compression)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("HTTP %s", response.Status)
		}
		return nil
	}
}
